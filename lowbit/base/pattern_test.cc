#include "lowbit/base/pattern.h"

#include <gtest/gtest.h>

namespace lowbit {
namespace {

TEST(Pattern, AListNamesByLettersAndByPatterns) {
  const std::vector<std::string> list = {"fc", "*downsample*", "weird[0]*"};
  EXPECT_TRUE(IsNamed(list, "fc"));
  EXPECT_TRUE(IsNamed(list, "layer2.0.downsample.1"));
  EXPECT_TRUE(IsNamed(list, "weird[0]*"));  // As a pattern this would be "weird0" and what follows.
  EXPECT_TRUE(IsNamed(list, "weird0/Conv"));
  EXPECT_FALSE(IsNamed(list, "fc2"));
  EXPECT_FALSE(IsNamed(list, "weird[0]"));
  EXPECT_FALSE(IsNamed({}, "fc"));
}

TEST(Pattern, WhatNamesNothingIsFound) {
  const std::vector<std::string> names = {"conv1", "layer1.0.conv1", "fc"};
  EXPECT_EQ(NamesNothing({"fc", "layer1.*"}, names), "");
  EXPECT_EQ(NamesNothing({}, names), "");
  EXPECT_EQ(NamesNothing({"fc", "layer2.*", "conv9"}, names), "layer2.*");
  EXPECT_EQ(NamesNothing({"fc"}, {}), "fc");
}

}  // namespace
}  // namespace lowbit
