// Floats to bytes and back. Included once for each target.

#if defined(LOWBIT_RUNTIME_QUANTIZE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_QUANTIZE_INL_H_
#undef LOWBIT_RUNTIME_QUANTIZE_INL_H_
#else
#define LOWBIT_RUNTIME_QUANTIZE_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/highway.h"
#include "lowbit/runtime/bytes.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::HWY_NAMESPACE {

HWY_INLINE uint8_t QuantizeOne(const ByteQuantizer& q, float x) {
  if (q.bipolar) return x >= 0 ? 2 : 0;
  float v = x * q.scale;
  if (q.table.count > 0) {
    int k = 0;
    while (k + 1 < q.table.count && v >= q.table.thresholds[k]) ++k;
    return static_cast<uint8_t>(static_cast<int32_t>(q.table.levels[k]) + q.shift);
  }
  v = v > q.low ? v : q.low;  // A NaN becomes low.
  v = v < q.high ? v : q.high;
  return static_cast<uint8_t>(static_cast<int32_t>(std::nearbyint(v)) + q.shift);
}

// v limited to [low, high]; a NaN becomes low.
template <class V>
HWY_INLINE V LimitTo(V v, V low, V high) {
  namespace hn = hwy::HWY_NAMESPACE;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3  // Max and Min give their second operand if one is a NaN.
  return hn::Min(hn::Max(v, low), high);
#else
  v = hn::IfThenElse(hn::Gt(v, low), v, low);
  return hn::IfThenElse(hn::Lt(v, high), v, high);
#endif
}

// The same of a vector.
class QuantizeLanes {
 public:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Vector = hwy::HWY_NAMESPACE::Vec<Tag>;
  using IntegerTag = hwy::HWY_NAMESPACE::RebindToSigned<Tag>;
  using IntegerVector = hwy::HWY_NAMESPACE::Vec<IntegerTag>;

  explicit QuantizeLanes(const ByteQuantizer& q) : QuantizeLanes(q, q.low, q.high) {}

  // What is stored of values clipped to [low, high] before, which then need not be: rounding keeps order, so that the
  // product's limits are the limits' products. REQUIRES: low <= high, q.scale > 0, the values are no NaN
  static QuantizeLanes OfClipped(const ByteQuantizer& q, float low, float high) {
    const auto limit = [&](float v) { return std::clamp(v * q.scale, q.low, q.high); };
    return QuantizeLanes(q, limit(low), limit(high));
  }

  // Writes a byte for each lane.
  HWY_INLINE void Store(Vector x, uint8_t* HWY_RESTRICT y) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::Rebind<uint8_t, Tag> db;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3  // The lowest byte of each lane, which is all that there is.
    hn::StoreU(hn::Vec<decltype(db)>{_mm512_cvtepi32_epi8(Integers(x).raw)}, db, y);
#else
    hn::StoreU(hn::DemoteTo(db, Integers(x)), db, y);
#endif
  }

 private:
  QuantizeLanes(const ByteQuantizer& q, float low, float high)
      : bipolar_(q.bipolar),
        table_(q.table),
        scale_(hwy::HWY_NAMESPACE::Set(Tag(), q.scale)),
        low_(hwy::HWY_NAMESPACE::Set(Tag(), low)),
        high_(hwy::HWY_NAMESPACE::Set(Tag(), high)),
        shift_(hwy::HWY_NAMESPACE::Set(IntegerTag(), q.shift)) {}

  HWY_INLINE IntegerVector Integers(Vector x) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const IntegerTag di;
    if (bipolar_) {
      const auto positive = hn::RebindMask(di, hn::Ge(x, hn::Zero(Tag())));
      return hn::IfThenElseZero(positive, hn::Set(di, 2));
    }
    if (table_.count > 0) return hn::Add(Round(Levels(hn::Mul(x, scale_))), shift_);
    return hn::Add(Round(LimitTo(hn::Mul(x, scale_), low_, high_)), shift_);
  }

  // A comparison for each threshold: few, as tables are small.
  HWY_INLINE Vector Levels(Vector scaled) const {
    namespace hn = hwy::HWY_NAMESPACE;
    Vector level = hn::Set(Tag(), table_.levels[0]);
    for (int k = 0; k + 1 < table_.count; ++k) {
      const auto reached = hn::Ge(scaled, hn::Set(Tag(), table_.thresholds[k]));
      level = hn::IfThenElse(reached, hn::Set(Tag(), table_.levels[k + 1]), level);
    }
    return level;
  }

  // Of values that are integers of few bits afterwards: Highway's own mends what does not fit 32 bits, which costs more.
  static HWY_INLINE IntegerVector Round(Vector v) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
    return IntegerVector{_mm512_cvtps_epi32(v.raw)};
#elif HWY_ARCH_X86 && HWY_TARGET == HWY_AVX2
    return IntegerVector{_mm256_cvtps_epi32(v.raw)};
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
    return IntegerVector{_mm_cvtps_epi32(v.raw)};
#else
    return hwy::HWY_NAMESPACE::NearestInt(v);
#endif
  }

  bool bipolar_;
  const ByteLevels& table_;  // Of the quantizer, which outlives this.
  Vector scale_, low_, high_;
  IntegerVector shift_;
};

// y[i] = byte of x[i].
HWY_INLINE void QuantizeRun(const ByteQuantizer& q, int64_t count, const float* HWY_RESTRICT x,
                            uint8_t* HWY_RESTRICT y) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const QuantizeLanes quantize(q);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) quantize.Store(hn::LoadU(d, x + i), y + i);
  for (; i < count; ++i) y[i] = QuantizeOne(q, x[i]);
}

// (x - offset) * scale of as many bytes as a vector of floats has lanes, the product rounded.
HWY_INLINE QuantizeLanes::Vector WidenLanes(int32_t offset, float scale, const uint8_t* HWY_RESTRICT x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const QuantizeLanes::Tag d;
  const QuantizeLanes::IntegerTag di;
  const auto integers = hn::PromoteTo(di, hn::LoadU(hn::Rebind<uint8_t, QuantizeLanes::Tag>(), x));
  return hn::Mul(hn::ConvertTo(d, hn::Sub(integers, hn::Set(di, offset))), hn::Set(d, scale));
}

// y[i] = (x[i] - offset) * scale, the product rounded.
HWY_INLINE void WidenRun(int32_t offset, float scale, int64_t count, const uint8_t* HWY_RESTRICT x,
                         float* HWY_RESTRICT y) {
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(static_cast<int32_t>(x[i]) - offset) * scale;
}

}  // namespace lowbit::runtime::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_QUANTIZE_INL_H_
