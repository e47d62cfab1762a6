#ifndef LOWBIT_BASE_HALF_H_
#define LOWBIT_BASE_HALF_H_

#include <cstdint>

namespace lowbit {

// IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. The largest finite value is 65504.
inline constexpr float kLargestHalf = 65504;

// Exact. Infinities and NaN stay what they are.
float FromHalf(uint16_t bits);

// The nearest half, ties to the even one; magnitudes of 65520 and more become infinite, NaN a quiet NaN.
uint16_t ToHalf(float value);

}  // namespace lowbit

#endif  // LOWBIT_BASE_HALF_H_
