#ifndef LOWBIT_RUNTIME_KERNELS_SOFTMAX_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_SOFTMAX_KERNEL_H_

#include <cstdint>

namespace lowbit::runtime {

// y[i] = exp(x[i] - m) / sum over j of exp(x[j] - m), with the largest x as m. x may be y.
//
// With u = 2^-24, the difference of floats has an error of u |x[i] - m|, by which the exponential moves relatively, and 2 u of its own;
// a sum of `count` positive terms in any order has count u, the division u. Hence, relatively to exact arithmetic,
//   error <= (2 max |x[i] - m| + count + 6) u      where it is small against 1
// and absolutely 2^-126 where results are denormal.
struct SoftmaxKernel {
  int64_t target = 0;
  void (*run)(int64_t count, const float* x, float* y) = nullptr;
};

const SoftmaxKernel& ChooseSoftmaxKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_SOFTMAX_KERNEL_H_
