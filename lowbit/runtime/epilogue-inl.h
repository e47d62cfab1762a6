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

// v limited to a bound; a NaN stays. (x86 compares in one instruction, which gives its second operand if one is a NaN.)
template <class V>
HWY_INLINE V KeepAtLeast(V v, V low) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
  return hwy::HWY_NAMESPACE::Max(low, v);
#else
  return hwy::HWY_NAMESPACE::IfThenElse(hwy::HWY_NAMESPACE::Lt(v, low), low, v);
#endif
}

template <class V>
HWY_INLINE V KeepAtMost(V v, V high) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
  return hwy::HWY_NAMESPACE::Min(high, v);
#else
  return hwy::HWY_NAMESPACE::IfThenElse(hwy::HWY_NAMESPACE::Gt(v, high), high, v);
#endif
}

// The epilogue of as many channels as a vector has lanes.
template <bool kResidual, bool kSlope>
class EpilogueLanes {
 public:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Vector = hwy::HWY_NAMESPACE::Vec<Tag>;

  EpilogueLanes(const Epilogue& epilogue, int64_t channel)
      : scale_(hwy::HWY_NAMESPACE::LoadU(Tag(), epilogue.scale.data() + channel)),
        shift_(hwy::HWY_NAMESPACE::LoadU(Tag(), epilogue.shift.data() + channel)),
        slope_(kSlope ? hwy::HWY_NAMESPACE::LoadU(Tag(), epilogue.slope.data() + channel) : shift_),
        low_(hwy::HWY_NAMESPACE::Set(Tag(), epilogue.low)),
        high_(hwy::HWY_NAMESPACE::Set(Tag(), epilogue.high)) {}

  // `residual` is not looked at where there is none.
  HWY_INLINE Vector operator()(Vector x, Vector residual) const {
    return KeepAtMost(KeepAtLeast(Unclipped(x, residual), low_), high_);
  }

  HWY_INLINE Vector Unclipped(Vector x, Vector residual) const {
    namespace hn = hwy::HWY_NAMESPACE;
    Vector v = hn::Add(hn::Mul(x, scale_), shift_);
    if (kResidual) v = hn::Add(v, residual);
    if (kSlope) v = hn::IfThenElse(hn::Lt(v, hn::Zero(Tag())), hn::Mul(v, slope_), v);
    return v;
  }

 private:
  Vector scale_, shift_, slope_, low_, high_;
};

// Whole vectors, then the rest one by one: the same operations in the same order.
template <bool kResidual, bool kSlope>
HWY_INLINE void ApplyEpilogueCase(const Epilogue& epilogue, int64_t channel, int64_t count, const float* x,
                                  const float* residual, float* y) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const EpilogueLanes<kResidual, kSlope> apply(epilogue, channel + i);
    const auto added = kResidual ? hn::LoadU(d, residual + i) : hn::Zero(d);
    hn::StoreU(apply(hn::LoadU(d, x + i), added), d, y + i);
  }
  for (; i < count; ++i) {
    const auto c = static_cast<size_t>(channel + i);
    float v = x[i] * epilogue.scale[c] + epilogue.shift[c];
    if (kResidual) v += residual[i];
    if (kSlope) v = v < 0 ? v * epilogue.slope[c] : v;
    v = v < epilogue.low ? epilogue.low : v;
    y[i] = v > epilogue.high ? epilogue.high : v;
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
