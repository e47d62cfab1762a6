#include "lowbit/quant/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace lowbit::quant {
namespace {

using ::testing::HasSubstr;
using Kind = Schedule::Kind;

TEST(Schedule, ConstantIsConstant) {
  for (const double p : {-1.0, 0.0, 0.5, 1.0, 2.0}) EXPECT_EQ(Schedule(0.3).At(p), 0.3);
}

TEST(Schedule, StepsShareTheTimeEqually) {
  const Schedule s = Schedule::Steps({.5, .75, .875, 1}, 0, .75);
  EXPECT_EQ(s.At(0), .5);
  EXPECT_EQ(s.At(.24), .5);
  EXPECT_EQ(s.At(.26), .75);
  EXPECT_EQ(s.At(.51), .875);
  EXPECT_EQ(s.At(.74), .875);
  EXPECT_EQ(s.At(.75), 1);
  EXPECT_EQ(s.At(1), 1);
  EXPECT_EQ(Schedule::Steps({.4}, 0, 0).At(0), .4);
}

TEST(Schedule, Ramps) {
  const Schedule linear(Kind::kLinear, 1, 3, .2, .6);
  EXPECT_EQ(linear.At(.1), 1);
  EXPECT_NEAR(linear.At(.4), 2, 1e-12);
  EXPECT_EQ(linear.At(.6), 3);
  const Schedule cosine(Kind::kCosine, 2, 0, 0, 1);
  EXPECT_NEAR(cosine.At(0), 2, 1e-12);
  EXPECT_NEAR(cosine.At(.5), 1, 1e-12);
  EXPECT_NEAR(cosine.At(.25), 1 + std::sqrt(.5), 1e-12);
  EXPECT_EQ(cosine.At(1), 0);
}

TEST(Schedule, ExponentialApproach) {
  const Schedule stairs(Kind::kStaircase, .5, 1, 0, .6, 3);
  EXPECT_EQ(stairs.At(0), .5);
  EXPECT_EQ(stairs.At(.19), .5);
  EXPECT_EQ(stairs.At(.21), .75);
  EXPECT_EQ(stairs.At(.41), .875);
  EXPECT_EQ(stairs.At(.6), 1);
  const Schedule smooth(Kind::kExponential, .5, 1, 0, .6, 3);
  EXPECT_EQ(smooth.At(0), .5);
  EXPECT_NEAR(smooth.At(.2), .75, 1e-12);
  EXPECT_NEAR(smooth.At(.3), 1 - .5 * std::exp2(-1.5), 1e-12);
  EXPECT_LT(smooth.At(.5999), 1);
  EXPECT_EQ(smooth.At(.6), 1);
}

TEST(Schedule, AnEmptySpanIsAJump) {
  const Schedule s(Kind::kLinear, 0, 1, .5, .5);
  EXPECT_EQ(s.At(.49), 0);
  EXPECT_EQ(s.At(.5), 1);
}

Config Table(ConfigTable table) { return {std::move(table), ""}; }
Config Text(const char* text) { return {std::string(text), ""}; }

std::string ErrorOf(ConfigTable table) {
  const Result<Schedule> result = ReadSchedule(Table(std::move(table)), "ratio", 0, 1);
  return result.ok() ? "" : result.error().message;
}

TEST(ReadSchedule, Kinds) {
  const Config values = {ConfigArray{{0.5, ""}, {0.75, ""}, {0.875, ""}, {int64_t{1}, ""}}, ""};
  const Schedule steps = ReadSchedule(Table({{"kind", Text("steps")}, {"values", values}}), "ratio", 0, 1).value();
  EXPECT_EQ(steps.end(), .75);  // All four last equally long.
  EXPECT_EQ(steps.At(.6), .875);
  const Schedule constant = ReadSchedule(Table({{"value", {0.25, ""}}}), "ratio", 0, 1).value();
  EXPECT_EQ(constant.At(.9), .25);
  const Schedule linear = ReadSchedule(Table({{"kind", Text("linear")}}), "temperature", 2, 4).value();
  EXPECT_EQ(linear.At(.5), 3);
  for (const char* kind : {"cosine", "exponential", "staircase"}) {
    EXPECT_EQ(ReadSchedule(Table({{"kind", Text(kind)}}), "ratio", 0, 1).value().At(1), 1) << kind;
  }
}

TEST(ReadSchedule, Errors) {
  EXPECT_THAT(ErrorOf({{"kind", Text("staircases")}}), HasSubstr("'staircase'"));
  EXPECT_THAT(ErrorOf({{"kind", Text("linear")}, {"halvings", {2.0, ""}}}), HasSubstr("unknown key 'halvings'"));
  EXPECT_THAT(ErrorOf({{"kind", Text("linear")}, {"begin", {0.5, ""}}, {"end", {0.2, ""}}}), HasSubstr("ratio.begin"));
  EXPECT_THAT(ErrorOf({{"kind", Text("linear")}, {"from", {-0.5, ""}}}), HasSubstr("0..1"));
  EXPECT_THAT(ErrorOf({{"kind", Text("steps")}, {"values", {ConfigArray(), ""}}}), HasSubstr("ratio.values"));
  EXPECT_THAT(ErrorOf({{"value", Text("high")}}), HasSubstr("ratio.value"));
}

}  // namespace
}  // namespace lowbit::quant
