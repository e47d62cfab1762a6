// The epilogue over a run of channels. Included once for each target.

#if defined(LOWBIT_RUNTIME_EPILOGUE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_EPILOGUE_INL_H_
#undef LOWBIT_RUNTIME_EPILOGUE_INL_H_
#else
#define LOWBIT_RUNTIME_EPILOGUE_INL_H_
#endif

#include "hwy/highway.h"
#include "lowbit/runtime/epilogue.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::HWY_NAMESPACE {

template <bool kResidual, bool kSlope>
HWY_INLINE void ApplyEpilogueCase(const Epilogue& epilogue, int64_t channel, int64_t count, const float* x,
                                  const float* residual, float* y) {
  const float* HWY_RESTRICT scale = epilogue.scale.data() + channel;
  const float* HWY_RESTRICT shift = epilogue.shift.data() + channel;
  const float* HWY_RESTRICT slope = kSlope ? epilogue.slope.data() + channel : nullptr;
  const float low = epilogue.low, high = epilogue.high;
  for (int64_t i = 0; i < count; ++i) {
    float v = x[i] * scale[i] + shift[i];
    if (kResidual) v += residual[i];
    if (kSlope) v = v < 0 ? v * slope[i] : v;
    v = v < low ? low : v;
    y[i] = v > high ? high : v;
  }
}

// Channels channel .. channel + count - 1 of one pixel: x, residual (null: none) and y point at the first of them.
// x and residual may be y.
HWY_INLINE void ApplyEpilogue(const Epilogue& epilogue, int64_t channel, int64_t count, const float* x,
                              const float* residual, float* y) {
  const bool slope = !epilogue.slope.empty();
  if (residual == nullptr) {
    slope ? ApplyEpilogueCase<false, true>(epilogue, channel, count, x, residual, y)
          : ApplyEpilogueCase<false, false>(epilogue, channel, count, x, residual, y);
  } else {
    slope ? ApplyEpilogueCase<true, true>(epilogue, channel, count, x, residual, y)
          : ApplyEpilogueCase<true, false>(epilogue, channel, count, x, residual, y);
  }
}

}  // namespace lowbit::runtime::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_EPILOGUE_INL_H_
