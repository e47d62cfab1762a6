#include "lowbit/quant/methods/lsq/lsq.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/quant/test_golden.h"

namespace lowbit::quant::methods::lsq {
namespace {

using golden::Keys;
using golden::Number;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::vector<float> Values(ConfigTable options, const std::vector<float>& weights) {
  return golden::Values(Create, std::move(options), weights);
}

TEST(Lsq, GoldenVectors) {
  const float s = .26457513f;
  EXPECT_THAT(Values({{"bits", Number(4)}}, golden::kWeights),
              Pointwise(FloatNear(1e-6f), std::vector<float>{3 * s, 0, 2 * s, -2 * s, s, 0, -s, s}));
  EXPECT_THAT(Values({{"bits", Number(2)}}, golden::kWeights),
              Pointwise(FloatNear(1e-6f), std::vector<float>{.7f, 0, .7f, -.7f, 0, 0, 0, 0}));
}

TEST(Lsq, TheGridHasOneMoreLevelBelowZero) {
  const LevelScheme scheme = ReadScheme(Keys({{"bits", Number(3)}})).value();
  EXPECT_THAT(scheme.levels.ascending(), ElementsAre(-4, -3, -2, -1, 0, 1, 2, 3));
}

TEST(Lsq, HalvesGoToTheEvenIntegerAndZerosStartAtOne) {
  const Levels levels = ReadScheme(Keys({{"bits", Number(3)}})).value().levels;
  const std::pair<double, float> halves[] = {{.5, 0}, {1.5, 2}, {2.5, 2}, {-.5, 0}, {-1.5, -2}, {-2.5, -2}, {-3.5, -4}};
  for (const auto& [x, level] : halves) EXPECT_EQ(levels.ascending()[levels.Nearest(x)], level) << x;
  const QTensor zeros = Create(Config()).value()->Quantize(std::vector<float>(4), {2, 2});
  EXPECT_THAT(zeros.scales, ElementsAre(1));
}

TEST(Lsq, Settings) {
  EXPECT_THAT(ReadScheme(Keys({{"bits", Number(1)}})).error().message, HasSubstr("'quantize.lsq.bits' must be"));
  EXPECT_THAT(ReadScheme(Keys({{"bits", Number(9)}})).error().message, HasSubstr("'quantize.lsq.bits' must be"));
}

}  // namespace
}  // namespace lowbit::quant::methods::lsq
