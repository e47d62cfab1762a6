// Floats to bytes and back. Included once for each target.

#if defined(LOWBIT_RUNTIME_QUANTIZE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_QUANTIZE_INL_H_
#undef LOWBIT_RUNTIME_QUANTIZE_INL_H_
#else
#define LOWBIT_RUNTIME_QUANTIZE_INL_H_
#endif

#include <cmath>

#include "hwy/highway.h"
#include "lowbit/runtime/bytes.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::HWY_NAMESPACE {

HWY_INLINE uint8_t QuantizeOne(const ByteQuantizer& q, float x) {
  if (q.bipolar) return x >= 0 ? 2 : 0;
  float v = x * q.scale;
  v = v > q.low ? v : q.low;  // A NaN becomes low.
  v = v < q.high ? v : q.high;
  return static_cast<uint8_t>(static_cast<int32_t>(std::nearbyint(v)) + q.shift);
}

// y[i] = byte of x[i].
HWY_INLINE void QuantizeRun(const ByteQuantizer& q, int64_t count, const float* HWY_RESTRICT x,
                            uint8_t* HWY_RESTRICT y) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> db;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto scale = hn::Set(d, q.scale), low = hn::Set(d, q.low), high = hn::Set(d, q.high);
  const auto shift = hn::Set(di, q.shift);
  int64_t i = 0;
  for (; !q.bipolar && i + lanes <= count; i += lanes) {
    auto v = hn::Mul(hn::LoadU(d, x + i), scale);
    v = hn::IfThenElse(hn::Gt(v, low), v, low);
    v = hn::IfThenElse(hn::Lt(v, high), v, high);
    hn::StoreU(hn::DemoteTo(db, hn::Add(hn::NearestInt(v), shift)), db, y + i);
  }
  for (; i < count; ++i) y[i] = QuantizeOne(q, x[i]);
}

// y[i] = (x[i] - offset) * scale, the product rounded.
HWY_INLINE void WidenRun(int32_t offset, float scale, int64_t count, const uint8_t* HWY_RESTRICT x,
                         float* HWY_RESTRICT y) {
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(static_cast<int32_t>(x[i]) - offset) * scale;
}

}  // namespace lowbit::runtime::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_QUANTIZE_INL_H_
