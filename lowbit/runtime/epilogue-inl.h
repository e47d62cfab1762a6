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

// Whole vectors, then the rest one by one: the same operations in the same order.
template <bool kResidual, bool kSlope>
HWY_INLINE void ApplyEpilogueCase(const Epilogue& epilogue, int64_t channel, int64_t count, const float* x,
                                  const float* residual, float* y) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* scale = epilogue.scale.data() + channel;
  const float* shift = epilogue.shift.data() + channel;
  const float* slope = kSlope ? epilogue.slope.data() + channel : nullptr;
  const float low = epilogue.low, high = epilogue.high;
  const auto lows = hn::Set(d, low), highs = hn::Set(d, high);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    auto v = hn::Add(hn::Mul(hn::LoadU(d, x + i), hn::LoadU(d, scale + i)), hn::LoadU(d, shift + i));
    if (kResidual) v = hn::Add(v, hn::LoadU(d, residual + i));
    if (kSlope) v = hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Mul(v, hn::LoadU(d, slope + i)), v);
    v = hn::IfThenElse(hn::Lt(v, lows), lows, v);
    hn::StoreU(hn::IfThenElse(hn::Gt(v, highs), highs, v), d, y + i);
  }
  for (; i < count; ++i) {
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
