#include "lowbit/runtime/kernels/pool/kernel.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/pool/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/epilogue-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::pool::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// A NaN in the window counts for nothing.
struct TakeLarger {
  template <class V>
  HWY_INLINE V operator()(V y, V x) const {
    return KeepAtLeast(y, x);
  }
  template <typename T>
  HWY_INLINE T One(T y, T x) const {
    return x > y ? x : y;
  }
};

struct AddUp {
  template <class V>
  HWY_INLINE V operator()(V y, V x) const {
    return hn::Add(y, x);
  }
  HWY_INLINE float One(float y, float x) const { return y + x; }
};

// y[c] = fold(...fold(y[c], pixels[0][c])..., pixels[count - 1][c]).
template <typename T, class Fold>
HWY_INLINE void FoldPixels(const T* const* pixels, int count, int64_t channels, const Fold& fold, T* y) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) {
    auto v = hn::LoadU(d, y + c);
    for (int i = 0; i < count; ++i) v = fold(v, hn::LoadU(d, pixels[i] + c));
    hn::StoreU(v, d, y + c);
  }
  for (; c < channels; ++c) {
    for (int i = 0; i < count; ++i) y[c] = fold.One(y[c], pixels[i][c]);
  }
}

HWY_INLINE void Divide(float count, int64_t channels, float* y) {
  for (int64_t c = 0; c < channels; ++c) y[c] /= count;
}

int64_t PaddedTaps(const ops::WindowAxis& axis, int64_t position) {
  int64_t count = 0;
  for (int64_t tap = 0; tap < axis.kernel; ++tap) count += axis.At(position, tap) < axis.input + axis.pad_end ? 1 : 0;
  return count;
}

// Folds the pixels of the window that lie inside of the image into y; returns their number.
template <typename T, class Fold>
HWY_INLINE int64_t FoldWindow(const PoolShape& shape, const T* image, int64_t oy, int64_t ox, const Fold& fold, T* y) {
  constexpr int kAtOnce = 16;
  const ops::Window& window = shape.window;
  const T* pixels[kAtOnce];
  int waiting = 0;
  int64_t count = 0;
  for (int64_t ky = 0; ky < window.y.kernel; ++ky) {
    const int64_t iy = window.y.At(oy, ky);
    if (iy < 0 || iy >= window.y.input) continue;
    for (int64_t kx = 0; kx < window.x.kernel; ++kx) {
      const int64_t ix = window.x.At(ox, kx);
      if (ix < 0 || ix >= window.x.input) continue;
      pixels[waiting++] = image + (iy * window.x.input + ix) * shape.channels;
      ++count;
      if (waiting < kAtOnce) continue;
      FoldPixels(pixels, waiting, shape.channels, fold, y);
      waiting = 0;
    }
  }
  FoldPixels(pixels, waiting, shape.channels, fold, y);
  return count;
}

template <typename T>
void MaximumOf(const PoolShape& shape, const T* image, int64_t oy, int64_t ox, T* y) {
  const T least = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : T{0};
  std::fill(y, y + shape.channels, least);
  FoldWindow(shape, image, oy, ox, TakeLarger(), y);
}

void AverageOf(const PoolShape& shape, const float* image, int64_t oy, int64_t ox, float* y) {
  std::fill(y, y + shape.channels, 0.0f);
  int64_t count = FoldWindow(shape, image, oy, ox, AddUp(), y);
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
