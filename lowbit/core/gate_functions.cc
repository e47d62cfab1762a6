#include "lowbit/core/gate_functions.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace lowbit {
namespace {

// exp(x). REQUIRES: x <= 0 or a NaN
float ExpOfNegative(float x) {
  x = x < gates::kLowest ? gates::kLowest : x;
  const float shifted = x * gates::kLog2E + gates::kRound;
  const float n = shifted - gates::kRound;
  const float r = (x - n * gates::kLn2High) - n * gates::kLn2Low;
  float p = gates::kTaylor[0];
  for (int i = 1; i < 8; ++i) p = p * r + gates::kTaylor[i];
  uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof(bits));
  bits = (bits << 23) + (127u << 23);
  float power;
  std::memcpy(&power, &bits, sizeof(power));
  return p * power;
}

}  // namespace

float GateSigmoid(float x) {
  const float e = ExpOfNegative(-std::abs(x));
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

float GateTanh(float x) {
  const float e = ExpOfNegative(-2.0f * std::abs(x));
  return std::copysign((1.0f - e) / (1.0f + e), x);
}

}  // namespace lowbit
