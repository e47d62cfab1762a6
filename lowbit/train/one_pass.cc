#include "lowbit/train/one_pass.h"

#include <c10/core/DeviceGuard.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "lowbit/train/kernel_passes.h"
#include "lowbit/train/row_pass.h"

namespace lowbit::train {
namespace {

// Values whose products are summed in float before the sums are added in double.
constexpr int64_t kBlock = 4096;

}  // namespace

bool IsPlain(const at::Tensor& x) {
  return (x.is_cpu() || KernelPassesFor(x) != nullptr) && x.scalar_type() == at::kFloat &&
         x.is_non_overlapping_and_dense();
}

bool IsPlain(const at::Tensor& x, const at::Tensor& gradient) {
  return IsPlain(x) && gradient.device() == x.device() && gradient.scalar_type() == at::kFloat &&
         gradient.strides() == x.strides();
}

at::Tensor Forward(const at::Tensor& x, const ForwardPass& pass) {
  at::Tensor y = at::empty_like(x);
  const float* from = x.data_ptr<float>();
  float* to = y.data_ptr<float>();
  if (const KernelPasses* kernels = KernelPassesFor(x)) {
    const c10::DeviceGuard guard(x.device());
    pass(kernels->Grid(), x.numel(), from, to);
    return y;
  }
  const GridPasses& passes = ChooseGridPasses();
  ForEachRange(x.numel(), 1, [&](int64_t begin, int64_t end) { pass(passes, end - begin, from + begin, to + begin); });
  return y;
}

at::Tensor Backward(const at::Tensor& d, const at::Tensor& x, const BackwardPass& pass, double* sum) {
  at::Tensor dx = at::empty_like(x);
  const float *gradient = d.data_ptr<float>(), *from = x.data_ptr<float>();
  float* to = dx.data_ptr<float>();
  if (const KernelPasses* kernels = KernelPassesFor(x)) {
    const c10::DeviceGuard guard(x.device());
    pass(kernels->Grid(), x.numel(), gradient, from, to);
    return dx;
  }
  const GridPasses& passes = ChooseGridPasses();
  std::vector<double> sums(static_cast<size_t>((x.numel() + kBlock - 1) / kBlock));
  ForEachRange(x.numel(), kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at += kBlock) {
      const int64_t count = std::min(kBlock, end - at);
      sums[static_cast<size_t>(at / kBlock)] = pass(passes, count, gradient + at, from + at, to + at);
    }
  });
  if (sum != nullptr) *sum = std::accumulate(sums.begin(), sums.end(), 0.0);
  return dx;
}

at::Tensor KeepInside(const at::Tensor& d, const at::Tensor& x, double first, double last) {
  if (!IsPlain(x, d)) return at::where(x.ge(first).logical_and_(x.le(last)), d, at::zeros_like(d));
  const auto low = static_cast<float>(first), high = static_cast<float>(last);
  return Backward(d, x,
                  [=](const GridPasses& passes, int64_t count, const float* gradient, const float* values, float* dx) {
                    passes.keep(low, high, count, gradient, values, dx);
                    return 0.0;
                  });
}

}  // namespace lowbit::train
