#ifndef LOWBIT_TRAIN_DISTRIBUTED_AVERAGE_H_
#define LOWBIT_TRAIN_DISTRIBUTED_AVERAGE_H_

#include <vector>

#include "lowbit/train/distributed/group.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train::distributed {

// Replaces each tensor (floats; the same list on every rank) by its mean over the ranks: the same bits on each of them.
// Sends the tensors in flat buffers of at most 16 MiB, or one larger tensor: few messages, whatever the number of
// tensors. Throws LostRanks.
void Average(const std::vector<at::Tensor>& tensors, Group* group);

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_AVERAGE_H_
