#include "lowbit/runtime/kernels/pool/kernel.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/pool/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::pool::HWY_NAMESPACE {

template <typename T>
HWY_INLINE void TakeLarger(const T* HWY_RESTRICT x, int64_t channels, T* HWY_RESTRICT y) {
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

// Calls pixel(x) for the channels x of each pixel of the window that lies inside of the image; returns their number.
template <typename T, typename Function>
HWY_INLINE int64_t ForEachPixel(const PoolShape& shape, const T* image, int64_t oy, int64_t ox, const Function& pixel) {
  const ops::Window& window = shape.window;
  int64_t count = 0;
  for (int64_t ky = 0; ky < window.y.kernel; ++ky) {
    const int64_t iy = window.y.At(oy, ky);
    if (iy < 0 || iy >= window.y.input) continue;
    for (int64_t kx = 0; kx < window.x.kernel; ++kx) {
      const int64_t ix = window.x.At(ox, kx);
      if (ix < 0 || ix >= window.x.input) continue;
      pixel(image + (iy * window.x.input + ix) * shape.channels);
      ++count;
    }
  }
  return count;
}

template <typename T>
void MaximumOf(const PoolShape& shape, const T* image, int64_t oy, int64_t ox, T* y) {
  const T least = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : T{0};
  std::fill(y, y + shape.channels, least);
  ForEachPixel(shape, image, oy, ox, [&](const T* x) { TakeLarger(x, shape.channels, y); });
}

void AverageOf(const PoolShape& shape, const float* image, int64_t oy, int64_t ox, float* y) {
  std::fill(y, y + shape.channels, 0.0f);
  int64_t count = ForEachPixel(shape, image, oy, ox, [&](const float* x) { Add(x, shape.channels, y); });
  if (shape.kind == PoolKind::kAveragePads) {
    count = PaddedTaps(shape.window.y, oy) * PaddedTaps(shape.window.x, ox);
  }
  Divide(static_cast<float>(count), shape.channels, y);
}

// Calls pool(image, oy, ox, y) for output pixels [first, first + count) of the batch.
template <typename T, typename Function>
HWY_INLINE void ForEachOutput(const PoolShape& shape, int64_t first, int64_t count, const T* input, T* output,
                              const Function& pool) {
  const int64_t plane = shape.window.OutputPlane();
  for (int64_t pixel = first; pixel < first + count; ++pixel) {
    const T* image = input + pixel / plane * shape.window.InputPlane() * shape.channels;
    pool(image, pixel % plane / shape.window.x.output, pixel % shape.window.x.output, output + pixel * shape.channels);
  }
}

void RunPool(const PoolShape& shape, int64_t first, int64_t count, const float* input, float* output) {
  const bool maximum = shape.kind == PoolKind::kMaximum;
  ForEachOutput(shape, first, count, input, output, [&](const float* image, int64_t oy, int64_t ox, float* y) {
    maximum ? MaximumOf(shape, image, oy, ox, y) : AverageOf(shape, image, oy, ox, y);
  });
}

void RunPoolBytes(const PoolShape& shape, int64_t first, int64_t count, const uint8_t* input, uint8_t* output) {
  ForEachOutput(shape, first, count, input, output,
                [&](const uint8_t* image, int64_t oy, int64_t ox, uint8_t* y) { MaximumOf(shape, image, oy, ox, y); });
}

const PoolKernel* Kernel() {
  static const PoolKernel kernel = {HWY_TARGET, &RunPool, &RunPoolBytes};
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
