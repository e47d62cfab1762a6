#ifndef LOWBIT_TRAIN_METHODS_SLB_EXPECTATION_H_
#define LOWBIT_TRAIN_METHODS_SLB_EXPECTATION_H_

#include <cstdint>

#include "lowbit/train/torch_fwd.h"

namespace lowbit::train::methods::slb {

// The mean value of each weight, W_c = sum_k p_k v_k with p = softmax(temperature * A): logits A [m, n], values v [m], one
// floating type and device, result [n]. Differentiable with respect to both:
//   dW_c / dA_k = temperature p_k (v_k - W_c),   dW_c / dv_k = p_k
// Keeps no probabilities: the backward pass computes them again. On the CPU both passes go through slices of n that fit
// the second-level cache, so that beyond the logits and, going back, their gradient, they hold a few numbers for each
// weight and at most kSliceElements m-fold ones. Cost O(m n). What is not finite in A stays so.
at::Tensor Expectation(const at::Tensor& logits, const at::Tensor& values, double temperature);

// unit * scale * mean value of each weight, [rows, n / rows]: Expectation's, times the factor of its row; scales: [rows] or [1],
// float as all else. Differentiable with respect to logits, values and scales. One launch for each pass on a GPU, where the
// build has kernels (kernel_passes.h) and the values need no gradient.
at::Tensor ScaledExpectation(const at::Tensor& logits, const at::Tensor& values, const at::Tensor& scales, double unit,
                             int64_t rows, double temperature);

// The mean over the n weights of the largest probability of each; no gradient.
at::Tensor TopProbability(const at::Tensor& logits, double temperature);

inline constexpr int64_t kSliceElements = 1 << 16;

}  // namespace lowbit::train::methods::slb

#endif  // LOWBIT_TRAIN_METHODS_SLB_EXPECTATION_H_
