// The golden values of spec.md, section 5, from an independent double-precision script.

#include "lowbit/quant/methods/slb/slb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lowbit/base/random.h"

namespace lowbit::quant::methods::slb {
namespace {

using ::testing::HasSubstr;

// V itself, in double.
std::vector<double> Values(int bits) {
  std::vector<double> values = Levels(bits);
  for (double& value : values) value *= LevelScale(bits);
  return values;
}

void ExpectNear(const std::vector<double>& got, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << i;
}

TEST(Slb, ValuesAreEquallySpacedWithoutZero) {
  ExpectNear(Values(1), {-1, 1}, 0);
  ExpectNear(Values(2), {-1, -1. / 3, 1. / 3, 1}, 1e-15);
  ExpectNear(Values(3), {-1, -5. / 7, -3. / 7, -1. / 7, 1. / 7, 3. / 7, 5. / 7, 1}, 1e-15);
  EXPECT_NEAR(Values(4)[1] - Values(4)[0], 2. / 15, 1e-15);
  EXPECT_EQ(LevelSet(1).Name(), "binary");
  EXPECT_EQ(LevelSet(4).Name(), "table16");
}

const std::vector<double> kLogits = {.1, -.2, .3, .05};

TEST(Slb, ExpectationAndProbabilitiesAreTheGoldenOnes) {
  const std::vector<double> values = Values(2);
  ExpectNear(Probabilities(kLogits, 0), {.25, .25, .25, .25}, 1e-15);
  EXPECT_NEAR(Expectation(kLogits, values, 0), 0, 1e-15);
  ExpectNear(Probabilities(kLogits, 1), {.25552898, .18930053, .31210380, .24306669}, 5e-9);
  EXPECT_NEAR(Expectation(kLogits, values, 1), .02847213, 5e-9);
  ExpectNear(Probabilities(kLogits, 10), {.11055375, .00550415, .81688786, .06705424}, 5e-9);
  EXPECT_NEAR(Expectation(kLogits, values, 10), .22696173, 5e-9);
  EXPECT_NEAR(Expectation(kLogits, values, 100), .33333333, 5e-9);
  EXPECT_EQ(Winner(kLogits), 2u);
}

TEST(Slb, GradientIsTheGoldenOneAndAddsUpToZero) {
  const std::vector<double> at10 = Gradient(kLogits, Values(2), 10);
  ExpectNear(at10, {-1.35645221, -.03083946, .86893674, .51835493}, 5e-9);
  ExpectNear(Gradient(kLogits, Values(2), 1), {-.26280444, -.06848996, .09514834, .23614606}, 5e-9);
  double sum = 0;
  for (const double g : at10) sum += g;
  EXPECT_NEAR(sum, 0, 1e-14);
}

TEST(Slb, GradientAgreesWithDifferences) {
  constexpr double kStep = 1e-6;
  for (size_t k = 0; k < kLogits.size(); ++k) {
    std::vector<double> above = kLogits, below = kLogits;
    above[k] += kStep, below[k] -= kStep;
    const double slope = (Expectation(above, Values(2), 10) - Expectation(below, Values(2), 10)) / (2 * kStep);
    // The third derivative is below T^3; times step^2 / 6, plus rounding of 1e-16 / step.
    EXPECT_NEAR(Gradient(kLogits, Values(2), 10)[k], slope, 1e-8);
  }
}

TEST(Slb, BinaryIsAHyperbolicTangent) {
  struct Golden {
    double delta, temperature, weight, gradient;
  };
  for (const Golden& g : {Golden{.2, 1, .09966799, .49503315}, Golden{.2, 5, .46211716, 1.96611933},
                          Golden{-.5, 5, -.84828364, .70103717}}) {
    const std::vector<double> logits = {.3, .3 + g.delta};
    EXPECT_NEAR(Expectation(logits, Values(1), g.temperature), g.weight, 5e-9);
    ExpectNear(Gradient(logits, Values(1), g.temperature), {-g.gradient, g.gradient}, 5e-9);
    EXPECT_NEAR(g.weight, std::tanh(g.temperature * g.delta / 2), 5e-9);
  }
}

TEST(Slb, ATieStaysBetweenItsValuesAndIsReadAsTheFirst) {
  const std::vector<double> logits = {.2, .2, -1, -1};
  EXPECT_NEAR(Expectation(logits, Values(2), 10), -.66665847, 5e-9);
  EXPECT_NEAR(Expectation(logits, Values(2), 1000), -2. / 3, 1e-12);
  EXPECT_EQ(Winner(logits), 0u);
}

TEST(Slb, TheGapIsBoundedByTheLosersProbability) {
  const CounterRandom random(7, 1);
  uint64_t draw = 0;
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<double> logits;
    logits.reserve(8);
    for (int k = 0; k < 8; ++k) logits.push_back(random.Normal(draw++));
    std::vector<double> sorted = logits;
    std::sort(sorted.rbegin(), sorted.rend());
    double before = 0;
    std::vector<double> temperatures = {.5, 1., 4., 30., 21 / (sorted[0] - sorted[1])};
    std::sort(temperatures.begin(), temperatures.end());
    for (const double temperature : temperatures) {
      const std::vector<double> p = Probabilities(logits, temperature);
      const size_t winner = Winner(logits);
      const double gap = std::fabs(Expectation(logits, Values(3), temperature) - Values(3)[winner]);
      EXPECT_LE(gap, 2 * (1 - p[winner]) + 1e-12);
      EXPECT_GE(p[winner], before - 1e-15);  // Rounding.
      before = p[winner];
      if (temperature * (sorted[0] - sorted[1]) > 20) {
        EXPECT_LT(gap, 1e-6);
      }
    }
  }
}

TrainingTime Epoch(int64_t epoch, int64_t epochs) { return {0, epoch, epochs}; }

TEST(Temperature, TheReleasedRuleIsTheGoldenOne) {
  Temperature t;
  t.kind = Temperature::Kind::kFactor;
  t.factor = 1.03;
  EXPECT_EQ(t.At(Epoch(1, 500)), 1);
  EXPECT_EQ(t.At(Epoch(150, 500)), 1);
  EXPECT_NEAR(t.At(Epoch(151, 500)), 1.03, 1e-12);
  EXPECT_NEAR(t.At(Epoch(450, 500)), 7098.51, .005);
  EXPECT_EQ(t.At(Epoch(500, 500)), t.At(Epoch(450, 500)));
  EXPECT_FALSE(t.Over(Epoch(450, 500)));
  EXPECT_TRUE(t.Over(Epoch(451, 500)));
  t.factor = 1.2, t.from = .2, t.until = .6;
  EXPECT_EQ(t.At(Epoch(20, 100)), 1);
  EXPECT_NEAR(t.At(Epoch(21, 100)), 1.2, 1e-12);
  EXPECT_NEAR(t.At(Epoch(30, 100)), 6.191736, 5e-7);
  EXPECT_NEAR(t.At(Epoch(60, 100)), 1469.77157, 5e-6);
  EXPECT_EQ(t.At(Epoch(60, 100)), t.At(Epoch(100, 100)));
  t.from = .29;  // 0.29 * 100 is 28.999999999999996 in doubles.
  EXPECT_NEAR(t.At(Epoch(30, 100)), 1.2, 1e-12);
}

TEST(Temperature, TheContinuousRisesAreTheGoldenOnes) {
  using Kind = Temperature::Kind;
  struct Golden {
    Kind kind;
    double quarter, half, three_quarters;
  };
  for (const Golden& g : {Golden{Kind::kLinear, 250.75, 500.5, 750.25}, Golden{Kind::kSin, 383.30, 707.40, 923.96},
                          Golden{Kind::kExp, 5.623, 31.62, 177.83}}) {
    Temperature t;
    t.kind = g.kind;
    t.from = .2, t.until = .6;
    const auto at = [&t](double r) { return t.At({.2 + .4 * r, 1, 1}); };
    EXPECT_NEAR(at(.25), g.quarter, .005);
    EXPECT_NEAR(at(.5), g.half, .005);
    EXPECT_NEAR(at(.75), g.three_quarters, .005);
    EXPECT_EQ(t.At({0, 1, 1}), 1);
    EXPECT_NEAR(t.At({.9, 1, 1}), 1000, 1e-9);
    EXPECT_FALSE(t.Over({.59, 1, 1}));
    EXPECT_TRUE(t.Over({.6, 1, 1}));
    double before = 0;
    for (int i = 0; i <= 100; ++i) {
      const double now = t.At({i / 100., 1, 1});
      EXPECT_GE(now, before);
      before = now;
    }
  }
}

TEST(Temperature, RisesFromItsStart) {
  Temperature t;
  t.start = 2, t.end = 32, t.from = .2, t.until = .6;
  EXPECT_NEAR(t.At({.4, 1, 1}), 8, 1e-12);  // 2 * 16^(1/2)
  EXPECT_EQ(t.At({.1, 1, 1}), 2);
  t.kind = Temperature::Kind::kLinear;
  EXPECT_NEAR(t.At({.3, 1, 1}), 9.5, 1e-12);
  t.kind = Temperature::Kind::kSin;
  EXPECT_NEAR(t.At({.4, 1, 1}), 2 + 30 * std::sqrt(.5), 1e-12);
  t.kind = Temperature::Kind::kFactor;
  t.factor = 1.5;
  EXPECT_NEAR(t.At(Epoch(4, 10)), 2 * 1.5 * 1.5, 1e-12);
}

// A rise without a length is a jump, and no division by it.
TEST(Temperature, MayJump) {
  for (const auto kind : {Temperature::Kind::kExp, Temperature::Kind::kLinear, Temperature::Kind::kSin}) {
    for (const double at : {0., .5, 1.}) {
      Temperature t;
      t.kind = kind;
      t.from = t.until = at;
      EXPECT_EQ(t.At({at, 1, 1}), 1000);
      EXPECT_TRUE(t.Over({at, 1, 1}));
      if (at > 0) {
        EXPECT_EQ(t.At({at / 2, 1, 1}), 1);
      }
    }
  }
}

// -kappa times the squared distance in steps of V: 0.5 is 2.25 of them from -1.
TEST(Slb, WarmLogitsAreSquaredDistancesInSteps) {
  ExpectNear(StartLogits(.225, .45, 2, 2), {-10.125, -3.125, -.125, -1.125}, 1e-12);
  ExpectNear(StartLogits(.225, 0, 1, 2), {-.5, -.5}, 1e-12);  // A row of zeros prefers none.
}

TEST(Slb, StartsAtTheNearestValue) {
  Options options;
  options.bits = 2;
  // mean |w| = 0.3, mean |V| = 2/3: s = 0.45.
  const QTensor start = Slb(options).Quantize(std::vector<float>{.6f, -.1f, .35f, -.15f, 0, 0, 0, 0}, {2, 4});
  ASSERT_TRUE(Validate(start).ok());
  EXPECT_EQ(std::vector<uint8_t>(start.codes.begin(), start.codes.begin() + 4), (std::vector<uint8_t>{3, 1, 3, 1}));
  EXPECT_NEAR(start.scales[0], .45 / 3, 1e-7);
  EXPECT_EQ(start.scales[1], 0);
  options.bits = 1;
  const QTensor binary = Slb(options).Quantize(std::vector<float>{.6f, -.2f}, {1, 2});
  EXPECT_EQ(binary.codes, (std::vector<uint8_t>{1, 0}));
  EXPECT_NEAR(binary.scales[0], .4, 1e-7);
}

std::string OptionsError(ConfigTable table) {
  const Result<Options> options = ReadOptions(Config{std::move(table), "r.toml:1"});
  return options.ok() ? "" : options.error().message;
}

TEST(Slb, OptionsThatMeanNothingAreRefused) {
  EXPECT_EQ(OptionsError({}), "");
  EXPECT_THAT(OptionsError({{"bits", {int64_t{5}, ""}}}), HasSubstr("'quantize.slb.bits' must be an integer"));
  EXPECT_THAT(OptionsError({{"factor", {1.1, ""}}}), HasSubstr("only the schedule 'factor' uses it"));
  EXPECT_THAT(OptionsError({{"schedule", {std::string("factor"), ""}}, {"end", {10., ""}}}), HasSubstr("left out"));
  EXPECT_THAT(OptionsError({{"until", {.1, ""}}}), HasSubstr("at least 'from'"));
  EXPECT_THAT(OptionsError({{"end", {.5, ""}}}), HasSubstr("at least 'start'"));
  EXPECT_THAT(OptionsError({{"kappa", {1., ""}}}), HasSubstr("only 'init' = weights"));
  EXPECT_THAT(OptionsError({{"bist", {int64_t{2}, ""}}}), HasSubstr("bits"));
}

}  // namespace
}  // namespace lowbit::quant::methods::slb
