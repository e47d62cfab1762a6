#ifndef LOWBIT_TRAIN_LOSS_H_
#define LOWBIT_TRAIN_LOSS_H_

#include "lowbit/train/torch_fwd.h"

namespace lowbit::train {

// Mean over the batch of the cross-entropy between softmax(logits) and the smoothed target: 1 - s + s / K for the
// label's class and s / K for the others, K classes. logits [batch, K] float, labels [batch] int64 on the same device;
// 0 <= smoothing < 1. Differentiable. Source: Szegedy et al. 2016, section 7.
at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing);

// Mean over all elements of |(made - wanted) / 255|^power, of pictures in 0..255: squares are those that PSNR is computed of. Equal
// shapes and types; power 1 or 2. Differentiable with respect to `made`.
at::Tensor PictureDifference(const at::Tensor& made, const at::Tensor& wanted, int power);

// Knowledge distillation: T^2 times the mean over the batch of the Kullback-Leibler divergence
//   sum over k of p_k (log p_k - log q_k),   p = softmax(teacher / T), q = softmax(student / T).
// Both [batch, K] of one floating type on one device; T = `temperature` > 0. Differentiable with respect to `student`:
// d/d student = T (q - p) / batch, which the factor T^2 keeps of one size for all T.
// Source: Hinton et al. 2015, section 2.
at::Tensor Distillation(const at::Tensor& student, const at::Tensor& teacher, double temperature);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_LOSS_H_
