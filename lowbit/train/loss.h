#ifndef LOWBIT_TRAIN_LOSS_H_
#define LOWBIT_TRAIN_LOSS_H_

#include "lowbit/train/torch_fwd.h"

namespace lowbit::train {

// Mean over the batch of the cross-entropy between softmax(logits) and the smoothed target: 1 - s + s / K for the
// label's class and s / K for the others, K classes. logits [batch, K] float, labels [batch] int64 on the same device;
// 0 <= smoothing < 1. Differentiable. Source: Szegedy et al. 2016, section 7.
at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_LOSS_H_
