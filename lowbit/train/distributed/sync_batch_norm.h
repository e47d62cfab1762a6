#ifndef LOWBIT_TRAIN_DISTRIBUTED_SYNC_BATCH_NORM_H_
#define LOWBIT_TRAIN_DISTRIBUTED_SYNC_BATCH_NORM_H_

#include "lowbit/train/distributed/group.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train::distributed {

// What a batch normalization keeps: float [channels] each, changed in place.
struct RunningMoments {
  const at::Tensor& mean;
  const at::Tensor& variance;
  double newest;  // Weight of this batch: running = (1 - newest) * running + newest * batch.
};

// Batch normalization in a training step over the parts of a batch that all ranks hold, each of the same size: with the
// n = ranks * batch * pixels values x of a channel,
//   y = scale * (x - mean) / sqrt(variance + epsilon) + shift,   mean = sum x / n,   variance = sum (x - mean)^2 / n;
// the running variance takes sum (x - mean)^2 / (n - 1). x [batch, channels, ...], scale and shift [channels]. The
// gradient of x goes through mean and variance, and so through all ranks; those of scale and shift are of this rank's
// values only, as those of every other parameter are, whose mean over the ranks is taken later.
// Two numbers a channel are summed forward, two backward, in double. Throws LostRanks.
// An x in bfloat16 is widened first.
// Source: Ioffe & Szegedy 2015, with the sums over ranks.
at::Tensor SyncBatchNorm(const at::Tensor& input, const at::Tensor& scale, const at::Tensor& shift,
                         const RunningMoments& running, double epsilon, Group* group);

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_SYNC_BATCH_NORM_H_
