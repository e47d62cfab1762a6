#include "lowbit/runtime/kernels/unary/kernel.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/unary/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::unary::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

using Tag = FloatTag;
using Vector = FloatVector;

HWY_INLINE Vector Number(float value) { return hn::Set(Tag(), value); }

HWY_INLINE Vector Sigmoid(Vector x) {
  return hn::Div(Number(1), hn::Add(Number(1), Exponential(hn::Neg(hn::Max(x, Number(-88))))));
}

// log(1 + exp(x)), without overflow.
HWY_INLINE Vector Softplus(Vector x) {
  return hn::Add(hn::Max(x, hn::Zero(Tag())), hn::Log1p(Tag(), Exponential(hn::Neg(hn::Abs(x)))));
}

// Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
HWY_INLINE Vector Erf(Vector x) {
  const Vector magnitude = hn::Abs(x);
  const Vector t = hn::Div(Number(1), hn::Add(Number(1), hn::Mul(Number(0.3275911f), magnitude)));
  Vector sum = Number(1.061405429f);
  for (const float coefficient : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f}) {
    sum = hn::Add(hn::Mul(sum, t), Number(coefficient));
  }
  const Vector tail = hn::Mul(hn::Mul(sum, t), Exponential(hn::Neg(hn::Mul(magnitude, magnitude))));
  return hn::CopySign(hn::Sub(Number(1), tail), x);
}

// Highway's is one of positive finite numbers.
HWY_INLINE Vector Log(Vector x) {
  const Tag d;
  const Vector infinity = hn::Inf(d);
  const Vector below = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity), hn::NaN(d));
  const Vector positive = hn::IfThenElse(hn::Eq(x, infinity), x, hn::Log(d, x));
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), positive, below);
}

HWY_INLINE Vector BelowZero(Vector x, Vector below, Vector otherwise) {
  return hn::IfThenElse(hn::Lt(x, hn::Zero(Tag())), below, otherwise);
}

HWY_INLINE Vector Between(Vector x, float low, float high) { return hn::Min(hn::Max(x, Number(low)), Number(high)); }

HWY_INLINE Vector GeluTanh(Vector x) {
  const Vector cube = hn::Mul(hn::Mul(x, x), x);
  const Vector inner = hn::Mul(Number(0.797884561f), hn::Add(x, hn::Mul(Number(0.044715f), cube)));
  return hn::Mul(hn::Mul(x, Number(0.5f)), hn::Add(Number(1), hn::Tanh(Tag(), inner)));
}

template <VectorFunction kFunction>
HWY_INLINE Vector Apply(Vector x, float a, float b) {
  const Tag d;
  using F = VectorFunction;
  if constexpr (kFunction == F::kAbs) return hn::Abs(x);
  if constexpr (kFunction == F::kCeil) return hn::Ceil(x);
  if constexpr (kFunction == F::kElu) return BelowZero(x, hn::Mul(Number(a), hn::Expm1(d, x)), x);
  if constexpr (kFunction == F::kErf) return Erf(x);
  if constexpr (kFunction == F::kExp) return Exponential(x);
  if constexpr (kFunction == F::kFloor) return hn::Floor(x);
  if constexpr (kFunction == F::kGelu) {
    return hn::Mul(hn::Mul(x, Number(0.5f)), hn::Add(Number(1), Erf(hn::Mul(x, Number(0.707106781f)))));
  }
  if constexpr (kFunction == F::kGeluTanh) return GeluTanh(x);
  if constexpr (kFunction == F::kHardSigmoid) return Between(hn::Add(hn::Mul(x, Number(a)), Number(b)), 0, 1);
  if constexpr (kFunction == F::kHardSwish) {
    return hn::Mul(x, Between(hn::Add(hn::Mul(x, Number(a)), Number(b)), 0, 1));
  }
  if constexpr (kFunction == F::kLog) return Log(x);
  if constexpr (kFunction == F::kMish) return hn::Mul(x, hn::Tanh(d, Softplus(x)));
  if constexpr (kFunction == F::kNeg) return hn::Neg(x);
  if constexpr (kFunction == F::kReciprocal) return hn::Div(Number(1), x);
  if constexpr (kFunction == F::kRound) return hn::Round(x);
  if constexpr (kFunction == F::kSelu) {
    return hn::Mul(Number(b), BelowZero(x, hn::Mul(Number(a), hn::Expm1(d, x)), x));
  }
  if constexpr (kFunction == F::kSigmoid) return Sigmoid(x);
  if constexpr (kFunction == F::kSoftplus) return Softplus(x);
  if constexpr (kFunction == F::kSoftsign) return hn::Div(x, hn::Add(Number(1), hn::Abs(x)));
  if constexpr (kFunction == F::kSqrt) return hn::Sqrt(x);
  if constexpr (kFunction == F::kSwish) return hn::Mul(x, Sigmoid(hn::Add(hn::Mul(x, Number(a)), Number(b))));
  if constexpr (kFunction == F::kTanh) return hn::Tanh(d, x);
}

// Whole vectors; the last elements in one that is filled up.
template <VectorFunction kFunction>
HWY_NOINLINE void RunFunction(const UnaryCall& call, int64_t count, const float* x, float* y) {
  const Tag d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto apply = [&](Vector v)
                         HWY_ATTR { return hn::IfThenElse(hn::IsNaN(v), v, Apply<kFunction>(v, call.a, call.b)); };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(apply(hn::LoadU(d, x + i)), d, y + i);
  if (i == count) return;
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
  std::copy(x + i, x + count, rest);
  hn::Store(apply(hn::Load(d, rest)), d, rest);
  std::copy_n(rest, count - i, y + i);
}

void RunUnary(const UnaryCall& call, int64_t count, const float* x, float* y) {
#define LOWBIT_UNARY(name)   \
  case VectorFunction::name: \
    return RunFunction<VectorFunction::name>(call, count, x, y)
  switch (call.function) {
    LOWBIT_UNARY(kAbs);
    LOWBIT_UNARY(kCeil);
    LOWBIT_UNARY(kElu);
    LOWBIT_UNARY(kErf);
    LOWBIT_UNARY(kExp);
    LOWBIT_UNARY(kFloor);
    LOWBIT_UNARY(kGelu);
    LOWBIT_UNARY(kGeluTanh);
    LOWBIT_UNARY(kHardSigmoid);
    LOWBIT_UNARY(kHardSwish);
    LOWBIT_UNARY(kLog);
    LOWBIT_UNARY(kMish);
    LOWBIT_UNARY(kNeg);
    LOWBIT_UNARY(kReciprocal);
    LOWBIT_UNARY(kRound);
    LOWBIT_UNARY(kSelu);
    LOWBIT_UNARY(kSigmoid);
    LOWBIT_UNARY(kSoftplus);
    LOWBIT_UNARY(kSoftsign);
    LOWBIT_UNARY(kSqrt);
    LOWBIT_UNARY(kSwish);
    LOWBIT_UNARY(kTanh);
  }
#undef LOWBIT_UNARY
}

const UnaryKernel* Kernel() {
  static const UnaryKernel kernel = {HWY_TARGET, &RunUnary};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::unary::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::unary {
namespace {

HWY_EXPORT(Kernel);
const UnaryKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::unary

const UnaryKernel& ChooseUnaryKernel() { return kernels::unary::Choose(); }

}  // namespace lowbit::runtime
#endif
