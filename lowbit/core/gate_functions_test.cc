#include "lowbit/core/gate_functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace lowbit {
namespace {

float FromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

TEST(GateFunctions, AreWithinTheirBound) {
  double largest = 0;
  for (uint32_t bits = 0; bits < 0x7F800000u; bits += 997) {
    for (const float x : {FromBits(bits), -FromBits(bits)}) {
      largest = std::max(largest, std::abs(GateSigmoid(x) - 1 / (1 + std::exp(-static_cast<double>(x)))));
      largest = std::max(largest, std::abs(GateTanh(x) - std::tanh(static_cast<double>(x))));
    }
  }
  EXPECT_LE(largest, kGateFunctionError);
  EXPECT_GE(largest, kGateFunctionError / 16);  // The bound is no empty one.
}

TEST(GateFunctions, OfSpecialNumbers) {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(GateSigmoid(0), 0.5f);
  EXPECT_EQ(GateSigmoid(infinity), 1);
  EXPECT_LT(GateSigmoid(-infinity), 1e-37f);
  EXPECT_EQ(GateTanh(0), 0);
  EXPECT_TRUE(std::signbit(GateTanh(-0.0f)));
  EXPECT_EQ(GateTanh(infinity), 1);
  EXPECT_EQ(GateTanh(-infinity), -1);
  EXPECT_TRUE(std::isnan(GateSigmoid(nan)) && std::isnan(GateTanh(nan)));
}

}  // namespace
}  // namespace lowbit
