#include "lowbit/quant/methods/uniform/uniform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/quant/test_golden.h"

namespace lowbit::quant::methods::uniform {
namespace {

using golden::Keys;
using golden::Number;
using golden::Text;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::vector<float> Values(ConfigTable options, const std::vector<float>& weights) {
  return golden::Values(Create, std::move(options), weights);
}

TEST(Uniform, GoldenVectors) {
  const std::vector<float> expected = {.9f, 0, .3f, -.6f, .3f, 0, -.3f, .3f};
  const ConfigTable by_max = {{"bits", Number(3)}, {"scope", Text("layer")}};
  EXPECT_THAT(Values(by_max, golden::kWeights), Pointwise(FloatNear(1e-6f), expected));
  const ConfigTable by_error = {{"bits", Number(3)}, {"scope", Text("layer")}, {"range", Text("mse")}};
  EXPECT_THAT(Values(by_error, golden::kWeights), Pointwise(FloatNear(1e-6f), expected));
  ConfigTable by_share = {{"bits", Number(3)}, {"scope", Text("layer")}, {"range", Text("percentile")}};
  by_share["percentile"] = Config{50.0, ""};
  const float step = .25f / 3;
  EXPECT_THAT(Values(by_share, golden::kWeights),
              Pointwise(FloatNear(1e-6f), std::vector<float>{.25f, -step, .25f, -.25f, 2 * step, step, -.25f, .25f}));
}

// The search too knows of one end for both signs.
TEST(Uniform, LeastSquaresScalesOfNegatedWeightsAreTheSame) {
  const ConfigTable options = {{"bits", Number(3)}, {"range", Text("mse")}};
  const auto quantizer = Create(Keys(options)).value();
  const QTensor q = quantizer->Quantize(std::vector<float>{-4, 3, 2, 1, 4, -3, -2, -1}, {2, 4});
  EXPECT_EQ(q.scales[0], q.scales[1]);
}

// Of the magnitudes 1 .. 1000: the smallest that at least that share does not exceed.
TEST(Uniform, PercentilesCountWeights) {
  std::vector<float> weights;
  for (int i = 1; i <= 1000; ++i) weights.push_back(static_cast<float>(i % 2 == 0 ? i : -i));
  const std::pair<double, float> cases[] = {{50, 500}, {50.05, 501}, {.1, 1}, {99.9, 999}, {100, 1000}};
  for (const auto& [percentile, magnitude] : cases) {
    const ConfigTable options = {
        {"bits", Number(2)}, {"range", Text("percentile")}, {"percentile", Config{percentile, ""}}};
    EXPECT_EQ(Create(Keys(options)).value()->Quantize(weights, {1, 1000}).scales[0], magnitude) << percentile;
  }
}

TEST(Uniform, HalvesGoToTheEvenInteger) {
  const Levels levels = ReadScheme(Keys({{"bits", Number(3)}})).value().levels;
  const std::pair<double, float> halves[] = {{.5, 0}, {1.5, 2}, {2.5, 2}, {-.5, 0}, {-1.5, -2}, {-2.5, -2}, {-9, -3}};
  for (const auto& [x, level] : halves) EXPECT_EQ(levels.ascending()[levels.Nearest(x)], level) << x;
}

TEST(Uniform, LeastSquaresGivesUpOutliers) {
  std::vector<float> weights(1024, .1f);
  for (size_t i = 0; i < 1024; i += 2) weights[i] = -.1f;
  weights[7] = 2;
  const ConfigTable options = {{"bits", Number(2)}, {"range", Text("mse")}};
  const QTensor q = Create(Keys(options)).value()->Quantize(weights, {1, 1024});
  EXPECT_NEAR(q.scales[0], .102, .005);  // The grid of scales is 4 % wide.
  EXPECT_EQ(Create(Keys({{"bits", Number(2)}})).value()->Quantize(weights, {1, 1024}).scales[0], 2);
}

TEST(Uniform, GridsAreSymmetric) {
  for (int64_t bits = 1; bits <= 8; ++bits) {
    const std::vector<float> levels = ReadScheme(Keys({{"bits", Number(bits)}})).value().levels.ascending();
    EXPECT_EQ(levels.size(), bits == 1 ? 2u : (1u << bits) - 1) << bits;
    EXPECT_EQ(levels.front(), -levels.back()) << bits;
    // The largest weight is the largest level.
    const std::vector<float> values = Values({{"bits", Number(bits)}}, golden::kWeights);
    EXPECT_NEAR(values[0], .9f, 1e-6) << bits;
  }
}

TEST(Uniform, OneBitOfLeastErrorIsTheMeanMagnitude) {
  const QTensor q =
      Create(Keys({{"bits", Number(1)}, {"range", Text("mse")}})).value()->Quantize(golden::kWeights, {2, 4});
  EXPECT_THAT(q.scales, Pointwise(FloatNear(1e-6f), std::vector<float>{.5f, .2f}));
  EXPECT_EQ(q.values.kind, ValueSet::Kind::kBinary);
}

TEST(Uniform, Settings) {
  const auto error = [](ConfigTable table) { return ReadScheme(Keys(std::move(table))).error().message; };
  EXPECT_THAT(error({{"bits", Number(0)}}), HasSubstr("'quantize.uniform.bits' must be"));
  EXPECT_THAT(error({{"bits", Number(9)}}), HasSubstr("'quantize.uniform.bits' must be"));
  EXPECT_THAT(error({{"range", Text("maxx")}}), HasSubstr("'max'"));
  EXPECT_THAT(error({{"percentile", Config{99.0, ""}}}), HasSubstr("only 'range' of 'percentile' uses it"));
  EXPECT_THAT(error({{"percentile", Config{0.0, ""}}, {"range", Text("percentile")}}), HasSubstr("greater than 0"));
  EXPECT_THAT(error({{"scope", Text("column")}}), HasSubstr("nearest to 'row'"));
}

}  // namespace
}  // namespace lowbit::quant::methods::uniform
