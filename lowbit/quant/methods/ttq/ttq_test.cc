#include "lowbit/quant/methods/ttq/ttq.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowbit::quant::methods::ttq {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

const std::vector<float> kGolden = {.9f, -.1f, .4f, -.6f, .2f, .05f, -.3f, .25f};

Config Keys(ConfigTable table) { return Config{std::move(table), ""}; }

// The values of a 2 x 4 matrix.
std::vector<float> Values(ConfigTable options, const std::vector<float>& weights) {
  return Dequantize(Create(Keys(std::move(options))).value()->Quantize(weights, {2, 4})).data;
}

TEST(Ttq, GoldenVectors) {
  EXPECT_THAT(Values({{"threshold", Config{0.3, ""}}}, kGolden),
              Pointwise(FloatNear(1e-6f), std::vector<float>{.65f, 0, .65f, -.45f, 0, 0, -.45f, 0}));
  const float p = .36f, n = 1.f / 3;
  EXPECT_THAT(Values({}, kGolden), Pointwise(FloatNear(1e-6f), std::vector<float>{p, -n, p, -n, p, p, -n, p}));
}

TEST(Ttq, ASideWithoutWeightsHasScaleZero) {
  const Scales scales = StartScales(std::vector<float>{1, .5f, 0}, Options());
  EXPECT_EQ(scales.positive, .75f);
  EXPECT_EQ(scales.negative, 0);
}

TEST(Ttq, Settings) {
  EXPECT_THAT(ReadOptions(Keys({{"threshold", Config{1.5, ""}}})).error().message,
              HasSubstr("'quantize.ttq.threshold'"));
}

}  // namespace
}  // namespace lowbit::quant::methods::ttq
