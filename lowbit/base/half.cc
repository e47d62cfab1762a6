#include "lowbit/base/half.h"

#include <cmath>
#include <limits>

namespace lowbit {

float FromHalf(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  float magnitude;
  if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  } else {
    magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

uint16_t ToHalf(float value) {
  const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
  if (std::isnan(value)) return sign | 0x7E00;
  const float magnitude = std::abs(value);
  if (magnitude == 0) return sign;
  if (magnitude >= 65520) return sign | 0x7C00;
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  // Halves of this size are `step` apart; below 2^-14 the steps stay 2^-24. A carry moves into the exponent by itself.
  const int lowest = exponent - 11 < -24 ? -24 : exponent - 11;
  const auto steps = static_cast<int>(std::nearbyint(std::ldexp(magnitude, -lowest)));
  return static_cast<uint16_t>(sign + ((lowest + 24) << 10) + steps);
}

}  // namespace lowbit
