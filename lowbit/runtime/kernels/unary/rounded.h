#ifndef LOWBIT_RUNTIME_KERNELS_UNARY_ROUNDED_H_
#define LOWBIT_RUNTIME_KERNELS_UNARY_ROUNDED_H_

// Sigmoid where every bit counts, which is in networks of integers: double vectors, and a test that tells which results
// could be rounded to another float than the definition's. (SiLU is in every layer of EfficientNets and YOLOs.)

#include <cstdint>
#include <vector>

namespace lowbit::runtime {

// y[i] is the definition's 1 / (1 + exp(-x[i])), rounded to float, but for the places that are appended to `unsure`: x
// beyond +-700 or NaN, and those where numbers within 2^-44 of the result round to two floats, one in a million.
//
// The distance from exact arithmetic is below 2^-50 of the result: exp's argument is reduced to r in +-ln(2)/2, of
// which the terms of its series behind r^13 are below 2^-57; Horner's scheme, the sum and the quotient add a few ulps
// (2^-53). The definition's own, of the C library's exp, is below 2^-51.
struct RoundedSigmoid {
  int64_t target = 0;
  void (*run)(int64_t count, const float* x, float* y, std::vector<int64_t>* unsure) = nullptr;
};

const RoundedSigmoid& ChooseRoundedSigmoid();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_UNARY_ROUNDED_H_
