#include "lowbit/runtime/kernels/softmax/kernel.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/softmax/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::softmax::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// Stores the exponentials; returns their sum.
float Exponentials(float largest, int64_t count, const float* x, float* y) {
  const FloatTag d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto shift = hn::Set(d, largest);
  auto sums = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto e = Exponential(hn::Sub(hn::LoadU(d, x + i), shift));
    sums = hn::Add(sums, e);
    hn::StoreU(e, d, y + i);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  if (i == count) return sum;
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
  std::copy(x + i, x + count, rest);
  hn::Store(Exponential(hn::Sub(hn::Load(d, rest), shift)), d, rest);
  for (int64_t k = 0; i + k < count; ++k) sum += y[i + k] = rest[k];
  return sum;
}

void RunSoftmax(int64_t count, const float* x, float* y) {
  const float largest = *std::max_element(x, x + count);
  // Highway's exponential of a NaN is 0; that of nothing but infinities is none either.
  if (!std::isfinite(largest) || std::any_of(x, x + count, [](float v) { return std::isnan(v); })) {
    float sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += y[i] = std::exp(x[i] - largest);
    for (int64_t i = 0; i < count; ++i) y[i] /= sum;
    return;
  }
  const float sum = Exponentials(largest, count, x, y);
  for (int64_t i = 0; i < count; ++i) y[i] /= sum;
}

const SoftmaxKernel* Kernel() {
  static const SoftmaxKernel kernel = {HWY_TARGET, &RunSoftmax};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::softmax::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::softmax {
namespace {

HWY_EXPORT(Kernel);
const SoftmaxKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::softmax

const SoftmaxKernel& ChooseSoftmaxKernel() { return kernels::softmax::Choose(); }

}  // namespace lowbit::runtime
#endif
