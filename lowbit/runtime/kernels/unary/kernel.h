#ifndef LOWBIT_RUNTIME_KERNELS_UNARY_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_UNARY_KERNEL_H_

// Functions of one element in float vectors. Transcendental ones are polynomials (Highway's contrib/math).

#include <cstdint>
#include <string>

namespace lowbit::runtime {

// The functions that there is such code for, by ONNX's names. kGeluTanh is Gelu with approximate = "tanh".
enum class VectorFunction : uint8_t {
  kAbs,
  kCeil,
  kElu,  // a * expm1(x) below 0
  kErf,
  kExp,
  kFloor,
  kGelu,
  kGeluTanh,
  kHardSigmoid,  // a * x + b, clipped to [0, 1]
  kHardSwish,    // x times the same
  kLog,
  kMish,
  kNeg,
  kReciprocal,
  kRound,
  kSelu,  // b * x, or b * a * expm1(x) below 0
  kSigmoid,
  kSoftplus,
  kSoftsign,
  kSqrt,
  kSwish,  // x * sigmoid(a * x + b)
  kTanh,
};

struct UnaryCall {
  VectorFunction function = VectorFunction::kAbs;
  float a = 0, b = 0;
};

// y[i] = f(x[i]); a NaN stays one. The bits do not depend on i and count. The distance from the definition in exact arithmetic is, with
// u = 2^-24, bounded for finite results by
//
//   none              Abs, Ceil, Floor, Neg, Round; half an ulp: Reciprocal, Sqrt
//   2 u |y|           Exp (Highway: 1 ulp)                   8 u |y|   Log, Tanh (Highway: 4 ulp)
//   4 u |y|           Sigmoid: 2 u of the exponential, an addition, a division
//   10 u |y|          Elu, Selu: Highway's expm1 has 4 ulp, two multiplications
//   8 u |y|           Softplus: exponential, log1p (2 ulp), addition
//   3 u |y|           Softsign
//   5 u (|a x| + |b|) HardSigmoid; HardSwish |x| times as much and 1 u more
//   (6 u + 2 u |t|) |y| Swish: t = a x + b, whose roundings the exponential multiplies, and a division more than Sigmoid
//   2^-18             Erf: Abramowitz and Stegun 7.1.26 is off by 1.5e-7, Horner's scheme with coefficients whose magnitudes add
//                     up to 4.5 by 12 u * 4.5, the exponential's argument by 2 u x^2 exp(-x^2) * 4.5
//   |x| (2^-19 + 3 u) Gelu; |x| (12 u + 30 u exp(-|x|)) GeluTanh; 20 u |x| Mish
//
// and by 2^-126 more where results are denormal.
struct UnaryKernel {
  int64_t target = 0;
  void (*run)(const UnaryCall& call, int64_t count, const float* x, float* y) = nullptr;
};

const UnaryKernel& ChooseUnaryKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_UNARY_KERNEL_H_
