#ifndef LOWBIT_TRAIN_ONE_PASS_H_
#define LOWBIT_TRAIN_ONE_PASS_H_

// Tensors through GridPasses. Includes libtorch; internal to the library.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "lowbit/train/grid_passes.h"

namespace lowbit::train {

// Whether the values of x lie one behind the other where a pass can read them: float, on the CPU or on a GPU that has
// passes (kernel_passes.h), without gaps.
bool IsPlain(const at::Tensor& x);
// Whether those of `gradient` lie in the same order.
bool IsPlain(const at::Tensor& x, const at::Tensor& gradient);

// y like x, by pass(passes, count, x, y) over parts of it, in parallel; the passes are those of x's device.
// REQUIRES: IsPlain(x)
using ForwardPass = std::function<void(const GridPasses& passes, int64_t count, const float* x, float* y)>;
at::Tensor Forward(const at::Tensor& x, const ForwardPass& pass);

// dx like x, by pass(passes, count, d, x, dx); returns in `sum`, if it is not null, what the passes return, added in the same
// order whatever the number of threads; on the CPU only. REQUIRES: IsPlain(x, d)
using BackwardPass =
    std::function<double(const GridPasses& passes, int64_t count, const float* d, const float* x, float* dx)>;
at::Tensor Backward(const at::Tensor& d, const at::Tensor& x, const BackwardPass& pass, double* sum = nullptr);

// d where first <= x <= last, else 0: the straight-through estimator of a clipped value. Of any tensors.
at::Tensor KeepInside(const at::Tensor& d, const at::Tensor& x, double first, double last);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_ONE_PASS_H_
