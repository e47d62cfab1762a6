#include "lowbit/data/colour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;

std::vector<uint8_t> Changed(const ColourDraw& draw, const Shape& image, std::vector<uint8_t> pixels) {
  ChangeColour(draw, image, Span<uint8_t>(pixels.data(), pixels.size()));
  return pixels;
}

TEST(ChangeColour, FollowsTheFormulas) {
  const Shape two = {3, 1, 2};  // Red and green: greys 0.299 * 200 = 59.8 and 0.587 * 100 = 58.7, their mean 59.25.
  const std::vector<uint8_t> pixels = {200, 0, 0, 100, 0, 0};
  EXPECT_EQ(Changed({}, two, pixels), pixels);
  EXPECT_THAT(Changed({1.5f, 1, 1}, two, pixels), ElementsAre(255, 0, 0, 150, 0, 0));
  EXPECT_THAT(Changed({1, 0.5f, 1}, two, pixels), ElementsAre(130, 30, 30, 80, 30, 30));  // p / 2 + 29.625
  EXPECT_THAT(Changed({1, 0, 1}, two, pixels), ElementsAre(59, 59, 59, 59, 59, 59));
  EXPECT_THAT(Changed({1, 1, 0}, two, pixels), ElementsAre(60, 59, 60, 59, 60, 59));
  EXPECT_THAT(Changed({1, 1, 2}, two, pixels), ElementsAre(255, 0, 0, 141, 0, 0));  // 2 * 100 - 58.7
  EXPECT_THAT(Changed({0, 2, 2}, two, pixels), ElementsAre(0, 0, 0, 0, 0, 0));
}

TEST(ChangeColour, GreyImagesHaveNoSaturation) {
  EXPECT_THAT(Changed({1, 1, 0}, {1, 1, 2}, {10, 30}), ElementsAre(10, 30));
  EXPECT_THAT(Changed({1, 0, 1}, {1, 1, 2}, {10, 30}), ElementsAre(20, 20));
  EXPECT_THAT(Changed({2, 2, 2}, {2, 1, 1}, {10, 30}), ElementsAre(10, 30));
}

TEST(DrawColour, IsUniformAndDependsOnSeedEpochAndIndex) {
  const ColourOptions options = {0.4, 2, 0};
  float least = 9, most = 0, least_contrast = 9, most_contrast = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    const ColourDraw draw = DrawColour(options, 1, 2, i);
    least = std::min(least, draw.brightness), most = std::max(most, draw.brightness);
    least_contrast = std::min(least_contrast, draw.contrast), most_contrast = std::max(most_contrast, draw.contrast);
    ASSERT_EQ(draw.saturation, 1);
  }
  // The least of 2,000 is above 0.005 of the range with a probability of 4e-5.
  EXPECT_GE(least, 0.6f);
  EXPECT_LT(least, 0.604f);
  EXPECT_LE(most, 1.4f);
  EXPECT_GT(most, 1.396f);
  EXPECT_GE(least_contrast, 0);
  EXPECT_LT(least_contrast, 0.015f);
  EXPECT_GT(most_contrast, 2.985f);
  const float once = DrawColour(options, 1, 2, 3).brightness;
  EXPECT_EQ(DrawColour(options, 1, 2, 3).brightness, once);
  EXPECT_NE(DrawColour(options, 2, 2, 3).brightness, once);
  EXPECT_NE(DrawColour(options, 1, 3, 3).brightness, once);
  EXPECT_NE(DrawColour(options, 1, 2, 4).brightness, once);
}

}  // namespace
}  // namespace lowbit::data
