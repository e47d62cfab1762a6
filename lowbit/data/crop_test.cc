#include "lowbit/data/crop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace lowbit::data {
namespace {

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

TEST(Crop, AWindowHasTheProportionsOfTheImage) {
  PictureView line = MakeView(48, 48);
  line.width = 192;
  EXPECT_TRUE(Same(Crop().Choose(100, 400, line), {0, 0, 100, 400}));
  EXPECT_TRUE(Same(Crop().Choose(100, 200, line), {25, 0, 50, 200}));
  EXPECT_TRUE(Same(Crop().Choose(50, 400, line), {0, 100, 50, 200}));
  EXPECT_TRUE(Same(Crop().Choose(1, 1, line), {0, 0, 1, 1}));
  line.resize = 96;
  EXPECT_TRUE(Same(Crop().Choose(100, 400, line), {25, 100, 50, 200}));
  const Window window = Crop(Of(CropOptions::Kind::kRandom), 1, 0, 3).Choose(100, 400, line);
  EXPECT_EQ(window.height, 50);
  EXPECT_EQ(window.width, 200);
  EXPECT_LE(window.top + window.height, 100);
  EXPECT_LE(window.left + window.width, 400);
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

TEST(Crop, AResizedWindowHasAreasAndRatiosOfItsRange) {
  const CropOptions options = Of(CropOptions::Kind::kResized);
  double least = 1, most = 0, narrowest = 9, widest = 0, mean = 0;
  for (uint64_t i = 0; i < 5000; ++i) {
    const Window window = Crop(options, 1, 0, i).Choose(400, 500, PictureView());
    ASSERT_TRUE(Inside(window, 400, 500));
    const double area = static_cast<double>(window.height * window.width) / (400.0 * 500.0);
    const double ratio = static_cast<double>(window.width) / static_cast<double>(window.height);
    least = std::min(least, area), most = std::max(most, area), mean += area / 5000;
    narrowest = std::min(narrowest, ratio), widest = std::max(widest, ratio);
  }
  // Sides of at least 98 pixels (area 0.08, ratio 3/4 or 4/3) are rounded to whole ones: 0.6 % each at most.
  EXPECT_GT(least, 0.079);
  EXPECT_LT(least, 0.09);
  EXPECT_GT(most, 0.9);
  EXPECT_NEAR(narrowest, 3.0 / 4, 0.01);
  EXPECT_NEAR(widest, 4.0 / 3, 0.02);
  // Uniform in 0.08..1 would be 0.54; large windows that do not fit are drawn again.
  EXPECT_GT(mean, 0.4);
  EXPECT_LT(mean, 0.54);
}

TEST(Crop, AResizedWindowDependsOnSeedEpochAndIndex) {
  const CropOptions options = Of(CropOptions::Kind::kResized);
  const PictureView view;
  const Window window = Crop(options, 1, 2, 3).Choose(256, 512, view);
  EXPECT_TRUE(Same(Crop(options, 1, 2, 3).Choose(256, 512, view), window));
  EXPECT_FALSE(Same(Crop(options, 2, 2, 3).Choose(256, 512, view), window));
  EXPECT_FALSE(Same(Crop(options, 1, 3, 3).Choose(256, 512, view), window));
  EXPECT_FALSE(Same(Crop(options, 1, 2, 4).Choose(256, 512, view), window));
}

TEST(Crop, WhereNoWindowFitsTheLargestAllowedOneIsCentred) {
  CropOptions options = Of(CropOptions::Kind::kResized);
  options.min_area = 0.9;
  EXPECT_TRUE(Same(Crop(options, 1, 0, 0).Choose(30, 300, PictureView()), {0, 130, 30, 40}));
  EXPECT_TRUE(Same(Crop(options, 1, 0, 0).Choose(300, 30, PictureView()), {130, 0, 40, 30}));
  EXPECT_TRUE(Same(Crop(options, 1, 0, 0).Choose(1, 1, PictureView()), {0, 0, 1, 1}));
}

}  // namespace
}  // namespace lowbit::data
