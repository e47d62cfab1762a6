#include "lowbit/quant/methods/ttq/ttq.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/quant/test_golden.h"

namespace lowbit::quant::methods::ttq {
namespace {

using golden::Keys;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::vector<float> Values(ConfigTable options, const std::vector<float>& weights) {
  return golden::Values(Create, std::move(options), weights);
}

TEST(Ttq, GoldenVectors) {
  EXPECT_THAT(Values({{"threshold", Config{0.3, ""}}}, golden::kWeights),
              Pointwise(FloatNear(1e-6f), std::vector<float>{.65f, 0, .65f, -.45f, 0, 0, -.45f, 0}));
  const float p = .36f, n = 1.f / 3;
  EXPECT_THAT(Values({}, golden::kWeights), Pointwise(FloatNear(1e-6f), std::vector<float>{p, -n, p, -n, p, p, -n, p}));
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
