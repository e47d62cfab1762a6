#include "lowbit/quant/methods/twn/twn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lowbit/quant/methods/twn/rows.h"

namespace lowbit::quant::methods::twn {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

const std::vector<float> kGolden = {.9f, -.1f, .4f, -.6f, .2f, .05f, -.3f, .25f};
const std::vector<float> kWipeOut = {.9f, -.1f, .4f, -.6f, .02f, .03f, -.05f, .04f};

Twn Method(DeltaScope scope, double factor = 0.7) { return Twn({scope, factor}); }

// Expects thresholds, scales and values of a 2x4 matrix, to 1e-6.
void ExpectResult(const Twn& method, const std::vector<float>& weights, const std::vector<double>& thresholds,
                  const std::vector<float>& scales, const std::vector<float>& values) {
  EXPECT_THAT(method.Thresholds(weights, 2), Pointwise(DoubleNear(1e-6), thresholds));
  const QTensor q = method.Quantize(weights, {2, 4});
  EXPECT_THAT(q.scales, Pointwise(FloatNear(1e-6f), scales));
  EXPECT_THAT(Dequantize(q).data, Pointwise(FloatNear(1e-6f), values));
}

TEST(Twn, GoldenVectorByRow) {
  const float a = .6333333f;
  ExpectResult(Method(DeltaScope::kRow), kGolden, {.35, .14}, {a, .25f}, {a, 0, a, -a, .25f, 0, -.25f, .25f});
}

// One row: .7 times the mean .45, and the mean of .9, .8 and .4.
TEST(Twn, GoldenVectorOfOneRow) {
  const std::vector<float> weights = {.9f, -.8f, .1f, -.05f, .4f};
  EXPECT_THAT(Twn(Options()).Thresholds(weights, 1), ElementsAre(DoubleNear(.315, 1e-6)));
  const QTensor q = Twn(Options()).Quantize(weights, {1, 5});
  EXPECT_THAT(Dequantize(q).data, Pointwise(FloatNear(1e-6f), std::vector<float>{.7f, -.7f, 0, 0, .7f}));
}

TEST(Twn, GoldenVectorByLayer) {
  const float a = .6333333f;
  ExpectResult(Method(DeltaScope::kLayer), kGolden, {.245, .245}, {a, .275f}, {a, 0, a, -a, 0, 0, -.275f, .275f});
}

TEST(Twn, GoldenVectorByCentredLayer) {
  const float a = .6333333f;
  ExpectResult(Method(DeltaScope::kLayerCentered), kGolden, {.23625, .23625}, {a, .275f},
               {a, 0, a, -a, 0, 0, -.275f, .275f});
}

TEST(Twn, LayerThresholdWipesOutASmallRow) {
  const float a = .6333333f;
  ExpectResult(Method(DeltaScope::kLayerCentered), kWipeOut, {.1995, .1995}, {a, 0}, {a, 0, a, -a, 0, 0, 0, 0});
  ExpectResult(Method(DeltaScope::kRow), kWipeOut, {.35, .0245}, {a, .04f}, {a, 0, a, -a, 0, .04f, -.04f, .04f});
}

TEST(Twn, ThresholdIsStrict) {
  // Mean 1, factor 1: every |w| equals the threshold, hence none exceeds it.
  const QTensor q = Method(DeltaScope::kRow, 1.0).Quantize(std::vector<float>{1, -1, 1, 1}, {1, 4});
  EXPECT_THAT(q.codes, Each(1));
  EXPECT_THAT(q.scales, ElementsAre(0.0f));
}

// Floats are compared with a threshold in double: one that rounds to a threshold just below it is above it.
TEST(Twn, RowsCompareInDouble) {
  Options options;
  options.delta_scope = DeltaScope::kLayer;
  const std::vector<float> row = {.3f, -.3f, .1f};
  std::vector<float> levels(3);
  const double at = row[0];
  TwnRows(options).QuantizeRow(row, std::nextafter(at, 0.0), levels.data());
  EXPECT_THAT(levels, ElementsAre(1, -1, 0));
  TwnRows(options).QuantizeRow(row, at, levels.data());
  EXPECT_THAT(levels, Each(0));
}

TEST(Twn, FactorZeroKeepsEverythingButZeros) {
  const QTensor q = Method(DeltaScope::kRow, 0.0).Quantize(std::vector<float>{2, -4, 0, -0.0f}, {1, 4});
  EXPECT_THAT(q.codes, ElementsAre(2, 0, 1, 1));
  EXPECT_THAT(q.scales, ElementsAre(3.0f));
}

// The suite over all quantizers runs the default scope; these hold for the others too, whose threshold is the layer's.
TEST(Twn, EveryScopeIsOddAndFollowsItsRows) {
  const std::vector<float> swapped = {.02f, .03f, -.05f, .04f, .9f, -.1f, .4f, -.6f};
  std::vector<float> negated = kWipeOut;
  for (float& w : negated) w = -w;
  for (const DeltaScope scope : {DeltaScope::kRow, DeltaScope::kLayer, DeltaScope::kLayerCentered}) {
    const QTensor q = Method(scope).Quantize(kWipeOut, {2, 4});
    EXPECT_TRUE(Validate(q).ok());
    const std::vector<float> plus = Dequantize(q).data;
    const std::vector<float> minus = Dequantize(Method(scope).Quantize(negated, {2, 4})).data;
    const std::vector<float> other = Dequantize(Method(scope).Quantize(swapped, {2, 4})).data;
    for (size_t i = 0; i < plus.size(); ++i) {
      EXPECT_EQ(minus[i], -plus[i]);
      EXPECT_EQ(other[(i + 4) % 8], plus[i]);
    }
  }
}

TEST(Twn, Settings) {
  const auto config = [](const std::string& key, Config value) {
    return Config{ConfigTable{{key, std::move(value)}}, ""};
  };
  EXPECT_EQ(ReadOptions(Config()).value().delta_scope, DeltaScope::kRow);
  EXPECT_EQ(ReadOptions(Config()).value().delta_factor, 0.7);
  const Config centered = config("delta_scope", {std::string("layer_centered"), ""});
  EXPECT_EQ(ReadOptions(centered).value().delta_scope, DeltaScope::kLayerCentered);
  EXPECT_EQ(ReadOptions(config("delta_factor", {0.5, ""})).value().delta_factor, 0.5);
  EXPECT_THAT(Create(config("delta_scope", {std::string("layers"), ""})).error().message, HasSubstr("'layer'"));
  EXPECT_TRUE(Create(config("delta_factor", {10.0, ""})).ok());
  EXPECT_THAT(Create(config("delta_factor", {10.5, ""})).error().message, HasSubstr("delta_factor"));
  EXPECT_THAT(Create(config("delta_factor", {-1.0, ""})).error().message, HasSubstr("delta_factor"));
  EXPECT_THAT(Create(config("delta_facto", {0.5, ""})).error().message, HasSubstr("did you mean 'delta_factor'"));
}

}  // namespace
}  // namespace lowbit::quant::methods::twn
