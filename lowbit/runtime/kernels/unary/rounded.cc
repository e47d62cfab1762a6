#include "lowbit/runtime/kernels/unary/rounded.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/unary/rounded.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::unary::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<double>;
using Vector = hn::Vec<Tag>;
using FloatTag = hn::Rebind<float, Tag>;  // As many floats.

HWY_INLINE Vector Number(double value) { return hn::Set(Tag(), value); }

// REQUIRES: |x| <= 700
HWY_INLINE Vector Exponential(Vector x) {
  const hn::RebindToUnsigned<Tag> bits;
  // A double of this size has no fraction: its last bits are the integer that was added.
  const Vector magic = Number(0x1.8p52);
  const Vector shifted = hn::Add(hn::Mul(x, Number(0x1.71547652b82fep0)), magic);
  const Vector k = hn::Sub(shifted, magic);
  // ln(2) in two parts, the first of so few bits that its product with k is exact.
  Vector r = hn::Sub(x, hn::Mul(k, Number(0x1.62e42fefp-1)));
  r = hn::Sub(r, hn::Mul(k, Number(0x1.473de6af278edp-34)));
  Vector sum = Number(1.0 / 6227020800.0);
  for (const double factorial :
       {479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0}) {
    sum = hn::Add(hn::Mul(sum, r), Number(1 / factorial));
  }
  const auto integer = hn::Sub(hn::BitCast(bits, shifted), hn::BitCast(bits, magic));
  const auto power = hn::ShiftLeft<52>(hn::Add(integer, hn::Set(bits, 1023)));
  return hn::Mul(sum, hn::BitCast(Tag(), power));
}

// Whether the rounding of every element is sure.
HWY_INLINE bool Round(const float* x, float* y, float* other) {
  const FloatTag f;
  const Vector given = hn::PromoteTo(Tag(), hn::LoadU(f, x));
  const Vector inside = hn::Min(hn::Max(given, Number(-700)), Number(700));
  const Vector v = hn::Div(Number(1), hn::Add(Number(1), Exponential(hn::Neg(inside))));
  const Vector margin = hn::Mul(v, Number(0x1p-44));
  const auto low = hn::DemoteTo(f, hn::Sub(v, margin)), high = hn::DemoteTo(f, hn::Add(v, margin));
  hn::StoreU(low, f, y);
  hn::StoreU(high, f, other);
  const bool in_range = hn::AllTrue(Tag(), hn::Le(hn::Abs(given), Number(700)));
  return in_range && hn::AllTrue(f, hn::Eq(low, high));
}

void Collect(int64_t first, int64_t count, const float* x, const float* y, const float* other,
             std::vector<int64_t>* unsure) {
  for (int64_t i = 0; i < count; ++i) {
    if (!(std::abs(x[i]) <= 700) || y[i] != other[i]) unsure->push_back(first + i);
  }
}

void RunSigmoid(int64_t count, const float* x, float* y, std::vector<int64_t>* unsure) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(Tag()));
  HWY_ALIGN float other[HWY_MAX_BYTES / sizeof(float)] = {};
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    if (!Round(x + i, y + i, other)) Collect(i, lanes, x + i, y + i, other, unsure);
  }
  if (i == count) return;
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
  HWY_ALIGN float result[HWY_MAX_BYTES / sizeof(float)] = {};
  std::copy(x + i, x + count, rest);
  if (!Round(rest, result, other)) Collect(i, count - i, rest, result, other, unsure);
  std::copy_n(result, count - i, y + i);
}

const RoundedSigmoid* Sigmoid() {
  static const RoundedSigmoid kernel = {HWY_TARGET, &RunSigmoid};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::unary::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::unary {
namespace {

HWY_EXPORT(Sigmoid);
const RoundedSigmoid& ChooseSigmoid() { return *HWY_DYNAMIC_DISPATCH(Sigmoid)(); }

}  // namespace
}  // namespace kernels::unary

const RoundedSigmoid& ChooseRoundedSigmoid() { return kernels::unary::ChooseSigmoid(); }

}  // namespace lowbit::runtime
#endif
