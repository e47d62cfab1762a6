#include "lowbit/data/crop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;

bool Same(const Window& a, const Window& b) {
  return a.top == b.top && a.left == b.left && a.height == b.height && a.width == b.width;
}

bool Inside(const Window& window, int64_t height, int64_t width) {
  return window.top >= 0 && window.left >= 0 && window.height >= 1 && window.width >= 1 &&
         window.top + window.height <= height && window.left + window.width <= width;
}

CropOptions Of(CropOptions::Kind kind) {
  CropOptions options;
  options.kind = kind;
  return options;
}

TEST(Crop, TheCentreIsAShareOfTheShorterSide) {
  const PictureView view = MakeView(224, 0);
  EXPECT_EQ(view.resize, 256);
  EXPECT_TRUE(Same(Crop().Choose(256, 256, view), {16, 16, 224, 224}));
  EXPECT_TRUE(Same(Crop().Choose(512, 768, view), {32, 160, 448, 448}));
  EXPECT_TRUE(Same(Crop().Choose(1, 5, view), {0, 2, 1, 1}));
  EXPECT_TRUE(Same(Crop().Choose(40, 30, MakeView(8, 8)), {5, 0, 30, 30}));
}

TEST(Crop, ARandomPlaceDependsOnSeedEpochAndIndex) {
  const CropOptions options = Of(CropOptions::Kind::kRandom);
  const PictureView view = MakeView(224, 256);
  const Window window = Crop(options, 1, 2, 3).Choose(256, 512, view);
  EXPECT_TRUE(Same(Crop(options, 1, 2, 3).Choose(256, 512, view), window));
  EXPECT_FALSE(Same(Crop(options, 2, 2, 3).Choose(256, 512, view), window));
  EXPECT_FALSE(Same(Crop(options, 1, 3, 3).Choose(256, 512, view), window));
  EXPECT_FALSE(Same(Crop(options, 1, 2, 4).Choose(256, 512, view), window));
}

// 33 x 5 places; each is missed by 20,000 draws with a probability of 2e-53.
TEST(Crop, ARandomPlaceIsAnyPlace) {
  std::set<std::pair<int64_t, int64_t>> seen;
  for (uint64_t i = 0; i < 20000; ++i) {
    const Window window = Crop(Of(CropOptions::Kind::kRandom), 1, 0, i).Choose(36, 64, MakeView(32, 36));
    ASSERT_TRUE(Inside(window, 36, 64));
    ASSERT_EQ(window.height, 32);
    seen.emplace(window.top, window.left);
  }
  EXPECT_EQ(seen.size(), 5u * 33u);
}

TEST(CutOut, TakesTheWindowOfEachPlane) {
  const Image8 image = {{2, 2, 3}, {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}};
  const Image8 part = CutOut(image, {1, 1, 1, 2});
  EXPECT_EQ(part.shape, (Shape{2, 1, 2}));
  EXPECT_THAT(part.pixels, ElementsAre(4, 5, 14, 15));
}

}  // namespace
}  // namespace lowbit::data
