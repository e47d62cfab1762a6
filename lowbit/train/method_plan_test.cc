#include "lowbit/train/method_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowbit::train {
namespace {

using ::testing::HasSubstr;

Config Text(const std::string& text) { return Config{text, ""}; }
Config Table(ConfigTable table) { return Config{std::move(table), "r.toml:1"}; }

std::string PlanError(ConfigTable section) {
  const Result<MethodPlan> plan = ReadQuantizeSection(Table(std::move(section)));
  return plan.ok() ? "" : plan.error().message;
}

TEST(ReadQuantizeSection, NamesWhatIsWrong) {
  EXPECT_EQ(PlanError({}), "");
  EXPECT_EQ(ReadQuantizeSection(Table({})).value().make, nullptr);
  EXPECT_THAT(PlanError({{"method", Text("tvn")}}), HasSubstr("did you mean 'twn'"));
  EXPECT_THAT(PlanError({{"method", Text("twn")}, {"policy", Text("sqq")}}), HasSubstr("did you mean 'sq'"));
  EXPECT_THAT(PlanError({{"policy", Text("sq")}}), HasSubstr("needs a quantize.method"));
  for (const char* own : {"lsq", "apot", "ttq"}) {
    EXPECT_THAT(PlanError({{"method", Text(own)}, {"policy", Text("sq")}}), HasSubstr("trains more than weights"))
        << own;
  }
  EXPECT_THAT(PlanError({{"methud", Text("twn")}}), HasSubstr("'method'"));
  EXPECT_THAT(PlanError({{"method", Text("twn")}, {"twn", Table({{"delta_scpe", Text("row")}})}}),
              HasSubstr("delta_scope"));
}

MethodPlan WithRules(ConfigTable rules) {
  ConfigTable section = {{"method", Text("twn")}, {"layers", Table(std::move(rules))}};
  section["skip"] = Config{ConfigArray{Text("block2.conv")}, ""};
  return ReadQuantizeSection(Table(std::move(section))).value();
}

const std::vector<std::string> kNodes = {"block1.conv", "block1.down", "block2.conv", "fc"};

TEST(MakeFor, ARuleHoldsForTheNodesThatItMatches) {
  const MethodPlan plan = WithRules({{"block1.*", Table({{"method", Text("bwn")}})}, {"fc", Table({})}});
  ASSERT_EQ(plan.layers.size(), 2);
  EXPECT_EQ(&MakeFor(plan, "block1.conv"), &plan.layers[0].make);
  EXPECT_NE(plan.layers[0].make, nullptr);
  EXPECT_EQ(MakeFor(plan, "fc"), nullptr);           // A rule without a method: float.
  EXPECT_EQ(MakeFor(plan, "block2.conv"), nullptr);  // Skipped.
  EXPECT_EQ(&MakeFor(plan, "block3.conv"), &plan.make);
  EXPECT_TRUE(CheckNames(plan, kNodes).ok());

  MethodPlan patterns = plan;
  patterns.skip = {"block?.down", "block2.*"};
  EXPECT_EQ(MakeFor(patterns, "block1.down"), nullptr);
  EXPECT_EQ(MakeFor(patterns, "block2.conv"), nullptr);
  EXPECT_TRUE(CheckNames(patterns, kNodes).ok());
}

TEST(CheckNames, NamesWhatMatchesNothingOrTwice) {
  const auto error = [](ConfigTable rules) { return CheckNames(WithRules(std::move(rules)), kNodes).error().message; };
  EXPECT_THAT(error({{"block3.*", Table({})}}),
              HasSubstr("'block3.*' matches no node with a weight; there are block1"));
  EXPECT_THAT(error({{"block1.*", Table({})}, {"*.conv", Table({})}}),
              HasSubstr("'*.conv' and 'block1.*' both match 'block1.conv'"));
  EXPECT_THAT(CheckNames(WithRules({}), {"fc"}).error().message, HasSubstr("unknown node with a weight 'block2.conv'"));
}

TEST(CheckNames, AMethodWithoutALayerIsRefused) {
  MethodPlan plan = WithRules({{"block1.*", Table({})}});
  plan.skip = {"block2.conv", "fc"};
  EXPECT_THAT(CheckNames(plan, kNodes).error().message, HasSubstr("leave no node with a weight to 'twn'"));
  plan.skip = {"fc"};
  EXPECT_TRUE(CheckNames(plan, kNodes).ok());
  EXPECT_TRUE(CheckNames(ReadQuantizeSection(Table({})).value(), kNodes).ok());  // Without a method all are float.
}

TEST(ReadQuantizeSection, NamesWhatIsWrongInARule) {
  const auto error = [](ConfigTable rule) {
    return PlanError({{"method", Text("twn")}, {"layers", Table({{"fc", Table(std::move(rule))}})}});
  };
  EXPECT_THAT(error({{"method", Text("tvn")}}), HasSubstr("did you mean 'twn'"));
  EXPECT_THAT(error({{"policy", Text("sq")}}), HasSubstr("needs a quantize.method"));
  EXPECT_THAT(error({{"skip", Text("fc")}}), HasSubstr("quantize.layers.'fc'"));
}

}  // namespace
}  // namespace lowbit::train
