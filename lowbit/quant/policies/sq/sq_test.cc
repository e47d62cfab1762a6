// Errors and settings of stochastic quantization.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/quant/methods/bwn/bwn.h"
#include "lowbit/quant/methods/twn/twn.h"
#include "lowbit/quant/policies/sq/errors.h"
#include "lowbit/quant/policies/sq/options.h"

namespace lowbit::quant::sq {
namespace {

using methods::twn::DeltaScope;
using methods::twn::Twn;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;

const std::vector<float> kGolden = {.9f, -.1f, .4f, -.6f, .2f, .05f, -.3f, .25f};
const std::vector<float> kWipeOut = {.9f, -.1f, .4f, -.6f, .02f, .03f, -.05f, .04f};

std::vector<double> Errors(const Quantizer& quantizer, const std::vector<float>& weights, const Shape& shape,
                           Unit unit = Unit::kFilter) {
  const FloatTensor quantized = Dequantize(quantizer.Quantize(weights, shape));
  std::vector<double> errors(static_cast<size_t>(UnitCount(unit, shape[0], Elements(shape) / shape[0])));
  QuantizationErrors(weights, quantized.data, shape[0], unit, errors);
  return errors;
}

Twn Ternary(DeltaScope scope) { return Twn({scope, 0.7}); }

TEST(SqErrors, GoldenVectors) {
  const methods::bwn::Bwn bwn;
  EXPECT_THAT(Errors(bwn, kGolden, {2, 4}), Pointwise(DoubleNear(1e-6), {.5, .375}));
  EXPECT_THAT(Errors(Ternary(DeltaScope::kRow), kGolden, {2, 4}), Pointwise(DoubleNear(1e-6), {.3166667, .1875}));
  for (const DeltaScope scope : {DeltaScope::kLayer, DeltaScope::kLayerCentered}) {
    EXPECT_THAT(Errors(Ternary(scope), kGolden, {2, 4}), Pointwise(DoubleNear(1e-6), {.3166667, .375}));
  }
}

TEST(SqErrors, ARowWipedOutHasErrorOne) {
  EXPECT_NEAR(Errors(Ternary(DeltaScope::kLayerCentered), kWipeOut, {2, 4})[1], 1, 1e-12);
  EXPECT_NEAR(Errors(Ternary(DeltaScope::kRow), kWipeOut, {2, 4})[1], .2857143, 1e-6);
}

TEST(SqErrors, ZeroRowsAndExactRowsHaveNone) {
  const std::vector<float> weights = {0, 0, 0, 0, 1, 1, 1, -1};
  EXPECT_THAT(Errors(methods::bwn::Bwn(), weights, {2, 4}), ElementsAre(0, 0));
  EXPECT_THAT(Errors(Ternary(DeltaScope::kRow), weights, {2, 4}), ElementsAre(0, 0));
}

TEST(SqErrors, OfSingleElements) {
  // alpha = 0.5; errors |w - q| / |w|, 0 for the weight 0.
  const std::vector<double> errors = Errors(methods::bwn::Bwn(), {.5f, -.25f, 1.25f, 0}, {1, 4}, Unit::kElement);
  EXPECT_THAT(errors, Pointwise(DoubleNear(1e-6), {0.0, 1.0, .6, 0.0}));
}

Config Table(ConfigTable table) { return {std::move(table), "r.toml:1"}; }
Config Text(const char* text) { return {std::string(text), "r.toml:2"}; }

TEST(SqOptions, DefaultsAreThePapers) {
  const SqOptions options = ReadSqOptions(Config()).value();
  EXPECT_EQ(options.unit, Unit::kFilter);
  EXPECT_EQ(options.prob, Probability::kLinear);
  EXPECT_EQ(options.select, Selection::kQuantizeByInverseError);
  EXPECT_EQ(options.policy, Policy::kStochastic);
  EXPECT_EQ(options.rounding, Rounding::kCeil);
  EXPECT_EQ(options.eps, 1e-7);
}

TEST(SqOptions, EverySwitch) {
  const SqOptions options = ReadSqOptions(Table({{"unit", Text("element")},
                                                 {"prob", Text("sigmoid")},
                                                 {"select", Text("keep_float_by_error")},
                                                 {"policy", Text("fixed")},
                                                 {"rounding", Text("floor")},
                                                 {"eps", {1e-5, ""}}}))
                                .value();
  EXPECT_EQ(options.unit, Unit::kElement);
  EXPECT_EQ(options.prob, Probability::kSigmoid);
  EXPECT_EQ(options.select, Selection::kKeepFloatByError);
  EXPECT_EQ(options.policy, Policy::kFixed);
  EXPECT_EQ(options.rounding, Rounding::kFloor);
  EXPECT_EQ(options.eps, 1e-5);
  EXPECT_EQ(ReadSqOptions(Table({{"prob", Text("softmax")}})).value().prob, Probability::kSoftmax);
  EXPECT_EQ(ReadSqOptions(Table({{"policy", Text("sorted")}})).value().policy, Policy::kSorted);
}

std::string ErrorOf(const Config& config) {
  const Result<SqOptions> result = ReadSqOptions(config);
  return result.ok() ? "" : result.error().message;
}

TEST(SqOptions, Errors) {
  EXPECT_THAT(ErrorOf(Table({{"prob", Text("linea")}})), HasSubstr("'linear'"));
  EXPECT_THAT(ErrorOf(Table({{"policie", Text("fixed")}})), HasSubstr("did you mean 'policy'"));
  EXPECT_THAT(ErrorOf(Table({{"eps", {0.0, "r.toml:9"}}})), HasSubstr("r.toml:9: 'quantize.sq.eps'"));
}

}  // namespace
}  // namespace lowbit::quant::sq
