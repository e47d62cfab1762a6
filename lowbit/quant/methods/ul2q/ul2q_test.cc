#include "lowbit/quant/methods/ul2q/ul2q.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace lowbit::quant::methods::ul2q {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

Config Bits(int64_t bits) { return Config{ConfigTable{{"bits", {bits, ""}}}, ""}; }

// The scale is half of the grid's step, which for a normal density of variance 1 is, as published:
TEST(Ul2q, StepsAreTheOptimaOfTheNormalDensity) {
  const double steps[] = {1.5958, .9957, .5860, .3352, .1881, .1041, .0569, .0308};
  for (int64_t bits = 1; bits <= 8; ++bits) {
    const LevelScheme scheme = ReadScheme(Bits(bits)).value();
    EXPECT_NEAR(2 * scheme.rule.factor, steps[bits - 1], 5.1e-5) << bits;
    EXPECT_EQ(scheme.levels.ascending().size(), size_t{1} << bits);
  }
}

TEST(Ul2q, HalfIntegerLevels) {
  // sigma^2 = (1 + 1 + 9 + 9) / 3 around mean 0; step = .9957 sigma = 2.571.
  const std::vector<float> weights = {1, -1, 3, -3};
  const QTensor q = Create(Bits(2)).value()->Quantize(weights, {1, 4});
  const float half = static_cast<float>(.99569 * std::sqrt(20.0 / 3) / 2);
  EXPECT_THAT(Dequantize(q).data, Pointwise(FloatNear(2e-4f), std::vector<float>{half, -half, 3 * half, -3 * half}));
  EXPECT_EQ(q.codes, (std::vector<uint8_t>{2, 1, 3, 0}));
}

TEST(Ul2q, WhatIsHalfwayGoesAwayFromZero) {
  const Levels levels = ReadScheme(Bits(2)).value().levels;  // -3, -1, 1, 3
  const std::pair<double, float> halves[] = {{0, 1}, {2, 3}, {-2, -3}};
  for (const auto& [x, level] : halves) EXPECT_EQ(levels.ascending()[levels.Nearest(x)], level) << x;
}

TEST(Ul2q, Settings) {
  EXPECT_THAT(ReadScheme(Bits(9)).error().message, HasSubstr("'quantize.ul2q.bits' must be"));
  EXPECT_THAT(ReadScheme(Bits(0)).error().message, HasSubstr("'quantize.ul2q.bits' must be"));
}

}  // namespace
}  // namespace lowbit::quant::methods::ul2q
