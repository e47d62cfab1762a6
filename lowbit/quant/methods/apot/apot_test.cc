#include "lowbit/quant/methods/apot/apot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/quant/test_golden.h"

namespace lowbit::quant::methods::apot {
namespace {

using golden::Keys;
using golden::Number;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> Positive(int64_t bits) {
  const LevelScheme scheme = ReadScheme(Keys({{"bits", Number(bits)}})).value();
  const std::vector<float>& all = scheme.levels.ascending();
  return {all.begin() + static_cast<int64_t>(all.size() / 2), all.end()};
}

TEST(Apot, SumsOfPowersOfTwo) {
  EXPECT_THAT(Positive(3), ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(Positive(4), ElementsAre(0, 1, 2, 3, 4, 6, 8, 10));
  EXPECT_THAT(Positive(5), ElementsAre(0, 1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 32, 33, 36, 48));
}

TEST(Apot, StartsAtTheOptimumOfTheNormalDensity) {
  EXPECT_NEAR(ReadScheme(Keys({{"bits", Number(3)}})).value().rule.factor, .518122, 2e-5);
  EXPECT_NEAR(ReadScheme(Keys({{"bits", Number(4)}})).value().rule.factor, .262800, 2e-5);
  EXPECT_NEAR(ReadScheme(Keys({{"bits", Number(5)}})).value().rule.factor, .069952, 2e-5);
}

TEST(Apot, TiesGoToTheRounderValueAndZerosStartAtOne) {
  const Levels levels = ReadScheme(Keys({{"bits", Number(4)}})).value().levels;
  EXPECT_EQ(levels.ascending()[levels.Nearest(2.5)], 2);
  EXPECT_EQ(levels.ascending()[levels.Nearest(-2.5)], -2);
  EXPECT_EQ(levels.ascending()[levels.Nearest(7)], 8);
  const QTensor zeros = Create(Config()).value()->Quantize(std::vector<float>(4), {2, 2});
  EXPECT_THAT(zeros.scales, ElementsAre(1));
}

TEST(Apot, Settings) {
  EXPECT_THAT(ReadScheme(Keys({{"bits", Number(2)}})).error().message, HasSubstr("'quantize.apot.bits' must be"));
  EXPECT_THAT(ReadScheme(Keys({{"bits", Number(6)}})).error().message, HasSubstr("'quantize.apot.bits' must be"));
}

}  // namespace
}  // namespace lowbit::quant::methods::apot
