#include "lowbit/runtime/kernels/affine/kernel.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/affine/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/epilogue-inl.h"
#include "lowbit/runtime/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::affine::HWY_NAMESPACE {

using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

void RunAffine(const Epilogue& epilogue, int64_t count, const float* x, const float* residual, float* y) {
  const int64_t width = static_cast<int64_t>(epilogue.scale.size());
  for (int64_t at = 0; at < count; at += width) {
    ApplyEpilogue(epilogue, 0, std::min(width, count - at), x + at, residual == nullptr ? nullptr : residual + at,
                  y + at);
  }
}

void Quantize(const ByteQuantizer& quantizer, int64_t count, const float* x, uint8_t* y) {
  QuantizeRun(quantizer, count, x, y);
}

const AffineKernel* Kernel() {
  static const AffineKernel kernel = {HWY_TARGET, &RunAffine, &Quantize};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::affine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::affine {
namespace {

HWY_EXPORT(Kernel);
const AffineKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::affine

const AffineKernel& ChooseAffineKernel() { return kernels::affine::Choose(); }

}  // namespace lowbit::runtime
#endif
