#ifndef LOWBIT_TRAIN_TRAINER_CHECKPOINT_H_
#define LOWBIT_TRAIN_TRAINER_CHECKPOINT_H_

#include <string>

#include "lowbit/base/result.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/trainer/diagnostics.h"
#include "lowbit/train/trainer/run_state.h"

namespace lowbit::train {

// The checkpoint of a run's folder.
std::string CheckpointPath(const std::string& folder);

// Writes parameters, buffers, optimizer state and counters as one safetensors file, atomically: "parameter/<name>",
// "buffer/<name>", "optimizer/<name>", "codes/<name>", and the counters as metadata. `codes`: see CodeChanges.
Status SaveCheckpoint(const std::string& path, const RunState& state, const Network& network,
                      const Optimizer& optimizer, const WeightCodes& codes);

// Restores them. `optimizer` and `codes` may be null (evaluation needs none); a checkpoint may lack codes. Errors: unreadable, wrong checksum, not a checkpoint
// of this network (names the first tensor missing, surplus or of another shape). On an error network and optimizer may be
// partly overwritten: do not use them.
Result<RunState> LoadCheckpoint(const std::string& path, Network* network, Optimizer* optimizer, WeightCodes* codes);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_CHECKPOINT_H_
