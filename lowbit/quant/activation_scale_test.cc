#include "lowbit/quant/activation_scale.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/core/level_grid.h"

namespace lowbit::quant {
namespace {

TEST(LeastSquaresScale, CoversAllWhereTheGridHoldsThem) {
  const std::vector<float> values = {0, .5f, 1, 1.5f};
  EXPECT_EQ(LeastSquaresScale(values, 0, 3), .5);
  const std::vector<float> both = {-2, -1, 0, 1};
  EXPECT_EQ(LeastSquaresScale(both, -2, 1), 1);
}

TEST(LeastSquaresScale, CoversWhatIsBelowZeroToo) {
  EXPECT_EQ(LeastSquaresScale(std::vector<float>{-4, -2, 0}, -2, 1), 2);
}

// The value 3 alone would want the scale 1; the many want the second of the scales that are tried.
TEST(LeastSquaresScale, TriesSixteenScalesAnOctave) {
  const double step = std::exp2(-1 / 16.);
  std::vector<float> values(1001, static_cast<float>(step));
  for (size_t i = 0; i < 500; ++i) values[i] = static_cast<float>(2 * step);
  values[1000] = 3;
  EXPECT_NEAR(LeastSquaresScale(values, 0, 3), step, 1e-12);
}

// The best uniform grid for a normal distribution: Max 1960, table II; four values .9957 apart around 0, which with 0 among
// them and one value more below than above is a little different: compare with a search in small steps.
TEST(LeastSquaresScale, IsTheBestOfAFineSearchOnNormalValues) {
  const CounterRandom random(3, StreamOf("scale"));
  std::vector<float> values;
  for (uint64_t i = 0; i < 20000; ++i) values.push_back(static_cast<float>(random.Normal(i)));
  const auto error = [&](double scale) {
    double sum = 0;
    for (const double x : values) sum += std::pow(x - scale * std::min(1.0, std::max(-2.0, std::round(x / scale))), 2);
    return sum;
  };
  double least = INFINITY;
  for (double scale = .3; scale < 3; scale += .005) least = std::min(least, error(scale));
  const double found = LeastSquaresScale(values, -2, 1);
  EXPECT_LT(error(found), 1.01 * least);
  EXPECT_LT(found, 1.5);  // The largest value is beyond 3.
}

TEST(LeastSquaresScale, GivesUpAFarValueForFineSteps) {
  std::vector<float> values(10000, 0);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 100) / 100;
  values[77] = 3;
  EXPECT_LT(LeastSquaresScale(values, 0, 3), .5);
}

TEST(LeastSquaresScale, IsOneWhereThereIsNothingToMeasure) {
  EXPECT_EQ(LeastSquaresScale(std::vector<float>(9, 0), -2, 1), 1);
  EXPECT_EQ(LeastSquaresScale(std::vector<float>{1, NAN}, -2, 1), 1);
  EXPECT_EQ(LeastSquaresScale(std::vector<float>{}, -2, 1), 1);
}

// ESB T15: behind a Relu the half-normal rule for (4, 1) loses .0127 of the power, the rule for two signs .0338.
TEST(AlignedScale, FitsWhatAReluLeavesOfANormalDistribution) {
  const CounterRandom random(4, StreamOf("relu"));
  std::vector<float> values;
  for (uint64_t i = 0; i < 200000; ++i) values.push_back(std::max(0.f, static_cast<float>(random.Normal(i))));
  const LevelGrid both = ElasticLevels(2, 1, true);
  const std::vector<float> positive = ElasticLevels(2, 1, false).levels;
  const auto loss = [&](double scale) {
    double error = 0, power = 0;
    for (const double x : values) {
      error += std::pow(x - scale * both.LevelOf(x / scale), 2);
      power += x * x;
    }
    return error / power;
  };
  EXPECT_NEAR(loss(AlignedScale(values, positive)), .0127, .0003);
  double squares = 0, sum = 0;
  for (const double x : values) squares += x * x, sum += x;
  const double mean = sum / 200000, deviation = std::sqrt(squares / 200000 - mean * mean);
  const std::vector<float> ones = {-1, 1};  // Root mean square 1.
  EXPECT_NEAR(loss(deviation * AlignedScale(ones, both.levels)), .0338, .0006);
}

TEST(AlignedScale, IsOneWhereThereIsNothingToAlign) {
  const std::vector<float> levels = {0, 1, 2, 3, 4, 6}, zeros(9), broken = {1, NAN};
  EXPECT_EQ(AlignedScale(zeros, levels), 1);
  EXPECT_EQ(AlignedScale(broken, levels), 1);
  EXPECT_EQ(AlignedScale({}, levels), 1);
}

}  // namespace
}  // namespace lowbit::quant
