#include "lowbit/runtime/kernels/pool/kernel.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/pool/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::pool::HWY_NAMESPACE {

HWY_INLINE void TakeLarger(const float* HWY_RESTRICT x, int64_t channels, float* HWY_RESTRICT y) {
  for (int64_t c = 0; c < channels; ++c) y[c] = x[c] > y[c] ? x[c] : y[c];
}

HWY_INLINE void Add(const float* HWY_RESTRICT x, int64_t channels, float* HWY_RESTRICT y) {
  for (int64_t c = 0; c < channels; ++c) y[c] += x[c];
}

HWY_INLINE void Divide(float count, int64_t channels, float* y) {
  for (int64_t c = 0; c < channels; ++c) y[c] /= count;
}

int64_t PaddedTaps(const ops::WindowAxis& axis, int64_t position) {
  int64_t count = 0;
  for (int64_t tap = 0; tap < axis.kernel; ++tap) count += axis.At(position, tap) < axis.input + axis.pad_end ? 1 : 0;
  return count;
}

void PoolPixel(const PoolShape& shape, const float* image, int64_t oy, int64_t ox, float* y) {
  const bool maximum = shape.kind == PoolKind::kMaximum;
  const ops::Window& window = shape.window;
  std::fill(y, y + shape.channels, maximum ? -std::numeric_limits<float>::infinity() : 0.0f);
  int64_t count = 0;
  for (int64_t ky = 0; ky < window.y.kernel; ++ky) {
    const int64_t iy = window.y.At(oy, ky);
    if (iy < 0 || iy >= window.y.input) continue;
    for (int64_t kx = 0; kx < window.x.kernel; ++kx) {
      const int64_t ix = window.x.At(ox, kx);
      if (ix < 0 || ix >= window.x.input) continue;
      const float* x = image + (iy * window.x.input + ix) * shape.channels;
      maximum ? TakeLarger(x, shape.channels, y) : Add(x, shape.channels, y);
      ++count;
    }
  }
  if (shape.kind == PoolKind::kAveragePads) count = PaddedTaps(window.y, oy) * PaddedTaps(window.x, ox);
  if (!maximum) Divide(static_cast<float>(count), shape.channels, y);
}

void RunPool(const PoolShape& shape, int64_t first, int64_t count, const float* input, float* output) {
  const int64_t plane = shape.window.OutputPlane();
  for (int64_t pixel = first; pixel < first + count; ++pixel) {
    const float* image = input + pixel / plane * shape.window.InputPlane() * shape.channels;
    PoolPixel(shape, image, pixel % plane / shape.window.x.output, pixel % shape.window.x.output,
              output + pixel * shape.channels);
  }
}

const PoolKernel* Kernel() {
  static const PoolKernel kernel = {HWY_TARGET, &RunPool};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::pool::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::pool {
namespace {

HWY_EXPORT(Kernel);
const PoolKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::pool

const PoolKernel& ChoosePoolKernel() { return kernels::pool::Choose(); }

}  // namespace lowbit::runtime
#endif
