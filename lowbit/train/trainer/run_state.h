#ifndef LOWBIT_TRAIN_TRAINER_RUN_STATE_H_
#define LOWBIT_TRAIN_TRAINER_RUN_STATE_H_

#include <cstdint>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/train/averages.h"

namespace lowbit::train {

// Where a run stands. With the tensors of network and optimizer it is all that an exact resume needs: data order,
// augmentation, dropout and masks are functions of the recipe's seed and these counters.
struct RunState {
  int64_t stage = 0;
  int64_t step = 0;             // Steps done in this stage.
  Averages epoch;               // Over the unfinished epoch.
  Averages logged;              // Since the last "step" line.
  double best_test_score = -1;  // See core/measure.h; -1: not evaluated yet.
  int64_t best_epoch = 0;
  double last_test_score = 0, last_test_loss = 0;
  bool finished = false;
  double seconds = 0;
  int64_t metrics_bytes = 0;  // Length of metrics.jsonl.
};

// As one line of JSON, numbers exact; and back. Errors: not such a line.
std::string ToJson(const RunState& state);
Result<RunState> ParseRunState(const std::string& json);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_RUN_STATE_H_
