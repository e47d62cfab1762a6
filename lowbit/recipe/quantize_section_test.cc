#include "lowbit/recipe/quantize_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/recipe/test_read.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ReadQuantize, RefusesImpossibleShares) {
  const std::string sq = kTrain + "[quantize]\nmethod = \"twn\"\npolicy = \"sq\"\n[quantize.sq]\n";
  for (const char* stages : {"[]", "[0.5]", "[0, 1]", "[0.75, 0.5, 1]", "[1, 0.5, 1]", "[0.5, 1.5]"}) {
    EXPECT_THAT(Bad(sq + "stages = " + stages + "\n"), HasSubstr("'quantize.sq.stages' must be a ")) << stages;
    EXPECT_THAT(Bad(sq + "ramp = " + stages + "\n"), HasSubstr("'quantize.sq.ramp' must be a ")) << stages;
  }
  EXPECT_THAT(Bad(sq + "stages = 1\n"), HasSubstr("'quantize.sq.stages' must be a list"));
  EXPECT_THAT(Bad(sq + "stages = [1]\nramp = [1]\n"), HasSubstr("'quantize.sq.ramp' must be left out"));
  EXPECT_THAT(Bad(sq + "ramp_until = 0.5\n"), HasSubstr("'quantize.sq.ramp_until' must be left out"));
  EXPECT_THAT(Bad(sq + "ramp = [1]\nramp_until = 0\n"), HasSubstr("'quantize.sq.ramp_until' must be greater than 0"));
}

TEST(ReadQuantize, SharesHaveDefaults) {
  const Recipe recipe = Good(kTrain + "[quantize]\nmethod = \"twn\"\npolicy = \"sq\"\n");
  EXPECT_THAT(recipe.quantize.stages, ElementsAre(0.5, 0.75, 0.875, 1));
  // The policy can be switched off for a comparison without taking its table away.
  const Recipe off = Good(kTrain + "[quantize]\nmethod = \"twn\"\n[quantize.sq]\nstages = [0.5, 1]\n");
  EXPECT_EQ(off.quantize.policy, QuantizeSection::Policy::kNone);
  EXPECT_THAT(off.quantize.stages, IsEmpty());
}

TEST(ReadQuantize, ActivationsAreFloatUnlessTheirTableIsThere) {
  EXPECT_EQ(Good(kTrain + "[quantize]\nmethod = \"twn\"\n").quantize.activations.bits, 0);
  const Recipe quantized = Good(kTrain + "[quantize]\nmethod = \"twn\"\n[quantize.activations]\n");
  EXPECT_EQ(quantized.quantize.activations.bits, 8);
  EXPECT_EQ(quantized.quantize.activations.first_bits, 8);
  EXPECT_EQ(quantized.quantize.activations.method, "measured");
  const Recipe signs = Good(kTrain +
                            "[quantize]\nmethod = \"bwn\"\n[quantize.activations]\nmethod = \"sign\"\n"
                            "[quantize.activations.sign]\ngradient = \"polynomial\"\n");
  EXPECT_EQ(signs.quantize.activations.method, "sign");
  EXPECT_EQ(ToToml(signs.quantize.activations.method_options), "gradient = \"polynomial\"\n");
  // So that --set quantize.method=none suffices for the float control.
  EXPECT_EQ(Good(kTrain + "[quantize]\nmethod = \"none\"\n[quantize.activations]\n").quantize.activations.bits, 0);
}

const std::string kRules = kTrain + R"(
[quantize]
method = "esb"
policy = "sq"
[quantize.esb]
bits = 3
significant = 1
[quantize.uniform]
bits = 8
[quantize.sq]
prob = "constant"
ramp = [0.5, 1]
[quantize.activations]
bits = 4
[quantize.layers."layer1.*"]
activation_bits = 0
[quantize.layers."layer1.*".esb]
bits = 5
[quantize.layers.fc]
method = "uniform"
policy = "none"
activation_bits = 6
[quantize.layers."stem?"]
method = "none"
)";

TEST(ReadQuantize, RulesChangeWhatTheirTablesName) {
  const QuantizeSection quantize = Good(kRules).quantize;
  ASSERT_EQ(quantize.layers.size(), 3);
  EXPECT_EQ(RuleOf(quantize, "layer2.conv"), nullptr);
  const LayerRule* layer1 = RuleOf(quantize, "layer1.0.conv1");
  ASSERT_NE(layer1, nullptr);
  EXPECT_EQ(layer1->method, "esb");
  EXPECT_TRUE(layer1->sq);
  EXPECT_EQ(ToToml(layer1->method_options), "bits = 5\nsignificant = 1\n");
  EXPECT_EQ(ToToml(layer1->policy_options), "prob = \"constant\"\n");
  EXPECT_EQ(layer1->activation_bits, 0);
  const LayerRule* fc = RuleOf(quantize, "fc");
  ASSERT_NE(fc, nullptr);
  EXPECT_FALSE(fc->sq);
  EXPECT_EQ(ToToml(fc->method_options), "bits = 8\n");
  EXPECT_EQ(fc->activation_bits, 6);
  EXPECT_TRUE(IsKeptFloat(quantize, "stem1"));
  EXPECT_FALSE(IsKeptFloat(quantize, "stem12"));
  EXPECT_FALSE(RuleOf(quantize, "stem1")->activation_bits.has_value());
}

TEST(ReadQuantize, RulesAreIgnoredWithFloatWeightsOnly) {
  // So that --set quantize.method=none suffices for the float control.
  const std::string rule = "[quantize.layers.fc]\nmethod = \"bwn\"\n";
  EXPECT_EQ(Good(kTrain + "[quantize]\nmethod = \"twn\"\n" + rule).quantize.layers.size(), 1);
  EXPECT_THAT(Good(kTrain + "[quantize]\nmethod = \"none\"\n" + rule).quantize.layers, IsEmpty());
}

TEST(ReadQuantize, AnOverrideReachesARuleByItsQuotedPattern) {
  Result<Config> config = ParseRecipeText(kRules, "r.toml");
  ASSERT_TRUE(config.ok());
  ASSERT_TRUE(ApplyOverride(&config.value(), "quantize.layers.\"layer1.*\".esb.bits=7").ok());
  const Result<Recipe> recipe = ReadRecipe(config.value());
  ASSERT_TRUE(recipe.ok()) << recipe.error().message;
  ASSERT_EQ(recipe.value().quantize.layers.size(), 3);
  EXPECT_EQ(ToToml(RuleOf(recipe.value().quantize, "layer1.x")->method_options), "bits = 7\nsignificant = 1\n");
}

TEST(ReadQuantize, WidthsOfAnotherRunTakeThePlaceOfRules) {
  const std::string lsq = kTrain + "[quantize]\nmethod = \"lsq\"\n", widths = "widths = \"../learned,seed=1\"\n";
  const QuantizeSection quantize = Good(lsq + widths + "equal_widths = true\n").quantize;
  EXPECT_EQ(quantize.widths, "../learned,seed=1");
  EXPECT_TRUE(quantize.equal_widths);
  EXPECT_THAT(Bad(lsq + "equal_widths = true\n"), HasSubstr("it belongs to 'quantize.widths'"));
  EXPECT_THAT(Bad(lsq + widths + "[quantize.layers.fc]\n"), HasSubstr("'quantize.layers' names the layers already"));
  EXPECT_THAT(Bad(kTrain + "[quantize]\n" + widths), HasSubstr("'quantize.method' is 'none'"));
}

TEST(ReadQuantize, RefusesImpossibleRules) {
  const std::string twn = kTrain + "[quantize]\nmethod = \"twn\"\n";
  const std::string rule = twn + "[quantize.layers.fc]\n";
  EXPECT_THAT(Bad(rule + "policy = \"sq\"\n"), HasSubstr("quantize.layers.'fc'.policy' must be 'none' where"));
  EXPECT_THAT(Bad(rule + "activation_bits = 4\n"), HasSubstr("there is no 'quantize.activations'"));
  EXPECT_THAT(Bad(rule + "bits = 4\n"), HasSubstr("unknown key 'bits'"));
  EXPECT_THAT(Bad(twn + "layers = 3\n"), HasSubstr("'quantize.layers' must be a table"));
  EXPECT_THAT(Bad(twn + "[quantize.layers]\nfc = 3\n"), HasSubstr("quantize.layers.'fc'"));
  const std::string integers = twn + "[quantize.activations]\n[quantize.layers.fc]\n";
  for (const char* bits : {"1", "9", "-1", "\"4\""}) {
    EXPECT_THAT(Bad(integers + "activation_bits = " + bits + "\n"), HasSubstr("activation_bits' must be")) << bits;
  }
}

}  // namespace
}  // namespace lowbit::recipe
