#include "lowbit/data/super_resolution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "lowbit/data/batcher.h"
#include "lowbit/data/dataset.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_png.h"

namespace lowbit::data {
namespace {

using ::testing::HasSubstr;

// (7 y^2 + 13 x + 5 x y^2) mod 97, 6 x 8.
Plane Pattern() {
  Plane plane = {6, 8, {}};
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 8; ++x) plane.values.push_back(static_cast<float>((7 * y * y + 13 * x + 5 * x * y * y) % 97));
  }
  return plane;
}

// From an independent script in float64, written after the formula: the first row's begin and the last row's end.
TEST(Bicubic, GoldenValues) {
  const struct {
    int64_t height, width;
    std::vector<float> first, last;
  } golden[] = {
      {3, 4, {12.08878f, 44.54787f, 52.8456f, 58.4201f}, {39.30168f, 24.00214f, 66.65366f, 71.7144f}},
      {2, 2, {34.0182f, 55.20402f}, {38.72952f, 63.21492f}},
      {12, 16, {-1.83105f, 1.59546f, 8.44849f, 15.00781f}, {38.08936f, 32.74854f, 62.45068f, 77.30176f}},
      {4, 12, {-.22582f, 7.06838f, 17.31258f, 26.10192f}, {87.43801f, 55.27649f, 61.97598f, 78.89701f}},
  };
  for (const auto& g : golden) {
    const Plane plane = ResizeBicubic(Pattern(), g.height, g.width);
    ASSERT_EQ(plane.values.size(), static_cast<size_t>(g.height * g.width));
    for (size_t i = 0; i < g.first.size(); ++i) {
      EXPECT_NEAR(plane.values[i], g.first[i], 2e-5);
      EXPECT_NEAR(plane.values[plane.values.size() - g.last.size() + i], g.last[i], 2e-5);
    }
  }
}

TEST(Bicubic, KeepsWhatIsConstantAndWhatHasItsSize) {
  const Plane plane = Pattern(), same = ResizeBicubic(plane, 6, 8);
  for (size_t i = 0; i < plane.values.size(); ++i) EXPECT_NEAR(same.values[i], plane.values[i], 1e-5);
  const Plane flat = {5, 7, std::vector<float>(35, 93)};
  for (const float value : ResizeBicubic(flat, 11, 3).values) EXPECT_NEAR(value, 93, 1e-5);
}

TEST(SuperResolution, BrightnessIsThatOfVideo) {
  const Image8 colours = {{3, 1, 4}, {255, 0, 0, 10, 0, 255, 0, 20, 0, 0, 255, 30}};
  const Plane plane = Brightness(colours, 1).value();
  // 16 + 65.481, 16 + 128.553, 16 + 24.966; 16 + (654.81 + 2571.06 + 748.98) / 255.
  EXPECT_EQ(plane.values, (std::vector<float>{81, 145, 41, 32}));
  EXPECT_EQ(Brightness({{1, 1, 2}, {0, 255}}, 1).value().values, (std::vector<float>{0, 255}));
}

TEST(SuperResolution, CutsWhatIsNoMultipleOfTheScale) {
  Image8 grey = {{1, 5, 7}, {}};
  for (int i = 0; i < 35; ++i) grey.pixels.push_back(static_cast<uint8_t>(i));
  const Plane plane = Brightness(grey, 3).value();
  EXPECT_EQ(plane.height, 3);
  EXPECT_EQ(plane.width, 6);
  EXPECT_EQ(plane.values[6], 7);
  EXPECT_THAT(Brightness(grey, 6).error().message, HasSubstr("5x7"));
}

TEST(SuperResolution, PsnrRoundsAndLeavesOutTheBorder) {
  Plane truth = {4, 4, std::vector<float>(16, 100)}, plane = truth;
  plane.values[0] = 0;  // On the border.
  EXPECT_EQ(Psnr(plane, truth, 1), std::numeric_limits<double>::infinity());
  plane.values[5] = 102.4f;  // Rounded: off by 2 in one of four.
  EXPECT_NEAR(Psnr(plane, truth, 1), 10 * std::log10(255.0 * 255), 1e-9);
  plane.values[5] = 300;  // Limited to 255.
  EXPECT_NEAR(Psnr(plane, truth, 1), 10 * std::log10(4 * 255.0 * 255 / (155.0 * 155)), 1e-9);
}

// A picture of `extent` x `extent` with a sharp edge.
Bytes EdgePicture(uint32_t extent) {
  Bytes pixels(extent * extent, 20);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = i % extent < extent / 2 ? 20 : 220;
  return Png(PNG_FORMAT_GRAY, extent, extent, pixels.data());
}

TEST(SuperResolution, TheSetHoldsBlurredSquaresOfEachScale) {
  const TemporaryFolder folder("super_resolution");
  folder.Write("b.png", EdgePicture(24));
  folder.Write("a_HR.png", EdgePicture(36));
  folder.Write("a_LR.png", EdgePicture(18));
  EXPECT_THAT(ListSharpPictures(folder.path()).value(),
              testing::ElementsAre(HasSubstr("/a_HR.png"), HasSubstr("/b.png")));
  PictureOptions options;
  options.view.size = 12;
  const Dataset set = LoadDataset("super-resolution", folder.path(), options).value();
  EXPECT_EQ(set.classes, 0);
  EXPECT_EQ(set.train.image, (Shape{1, 12, 12}));
  EXPECT_EQ(set.train.count(), 3 * (9 + 4));
  // The edge lies in the middle square; it is no longer sharp.
  const size_t square = 144;
  EXPECT_EQ(set.train.pixels[0], 20);
  EXPECT_EQ(set.train.pixels[2 * square + 11], 220);
  EXPECT_GT(set.train.pixels[square + 5], 20);
  EXPECT_LT(set.train.pixels[square + 6], 220);
  options.view.size = 64;
  EXPECT_THAT(LoadDataset("super-resolution", folder.path(), options).error().message, HasSubstr("[1, 64, 64]"));
}

// A set to learn from: pictures whose pixels are all different, so that a square tells its place.
class SuperResolutionPairs : public testing::Test {
 protected:
  SuperResolutionPairs() : folder_("super_resolution_pairs") {
    Bytes ramp(12 * 20);
    for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<uint8_t>(i);
    folder_.Write("train/ramp.png", Png(PNG_FORMAT_GRAY, 20, 12, ramp.data()));
    folder_.Write("test/edge.png", EdgePicture(13));
    options_.view.size = 6;
    options_.factors = {2, 4};
    options_.test = folder_.File("test");
  }
  Result<Dataset> Load() const { return LoadDataset("super-resolution", folder_.File("train"), options_); }

  TemporaryFolder folder_;
  PictureOptions options_;
};

// The sharp square of example 0 in some epoch, and whether the blurred one is of the same place: a ramp stays a ramp inside.
std::vector<float> Sharp(const Dataset& set, uint64_t epoch, const PairChanges& changes) {
  std::vector<float> blurred(36), sharp(36);
  set.train.pairs->Make(0, 7, epoch, changes, blurred, sharp);
  EXPECT_NEAR(blurred[14], sharp[14], 14);
  return sharp;
}

TEST_F(SuperResolutionPairs, AreSquaresAtRandomPlaces) {
  const Dataset set = Load().value();
  EXPECT_EQ(set.train.count(), 2 * 2 * 3);
  std::set<float> places;
  for (uint64_t epoch = 0; epoch < 40; ++epoch) {
    const std::vector<float> sharp = Sharp(set, epoch, {});
    EXPECT_EQ(sharp, Sharp(set, epoch, {}));
    EXPECT_EQ(sharp[1], sharp[0] + 1);
    EXPECT_EQ(sharp[6], sharp[0] + 12);
    places.insert(sharp[0]);
  }
  EXPECT_GT(places.size(), 20U);
}

TEST_F(SuperResolutionPairs, AreTurnedAndMirrored) {
  const Dataset set = Load().value();
  const auto ways = [&](const PairChanges& changes) {
    std::set<std::pair<float, float>> steps;  // To the right and down: which way the square lies.
    for (uint64_t epoch = 0; epoch < 60; ++epoch) {
      const std::vector<float> sharp = Sharp(set, epoch, changes);
      steps.insert({sharp[1] - sharp[0], sharp[6] - sharp[0]});
    }
    return steps;
  };
  using Steps = std::set<std::pair<float, float>>;
  EXPECT_EQ(ways({}), (Steps{{1, 12}}));
  EXPECT_EQ(ways({true, false}), (Steps{{1, 12}, {-1, 12}}));
  EXPECT_EQ(ways({false, true}), (Steps{{1, 12}, {-12, 1}, {-1, -12}, {12, -1}}));
  EXPECT_EQ(ways({true, true}).size(), 8U);
}

TEST_F(SuperResolutionPairs, BatchesHoldBothSides) {
  const Dataset set = Load().value();
  BatchOptions options;
  options.batch_size = 5;
  options.seed = 7;
  options.shuffle = false;
  Batcher batcher(set.train, options);
  batcher.StartEpoch(3);
  Batch batch;
  ASSERT_TRUE(batcher.Next(&batch));
  EXPECT_EQ(set.train.answer, set.train.image);
  ASSERT_EQ(batch.targets.size(), 5U * 36);
  std::vector<float> blurred(36), sharp(36);
  set.train.pairs->Make(4, 7, 3, {}, blurred, sharp);
  EXPECT_EQ(std::vector<float>(batch.images.end() - 36, batch.images.end()), blurred);
  EXPECT_EQ(std::vector<float>(batch.targets.end() - 36, batch.targets.end()), sharp);
}

TEST_F(SuperResolutionPairs, TestPicturesAreWhole) {
  const Dataset set = Load().value();
  ASSERT_EQ(set.tests(), 2);
  EXPECT_EQ(set.test_pictures[0].name, "edge.png");
  EXPECT_EQ(set.test_pictures[1].factor, 4);
  EXPECT_EQ(set.test_pictures[1].sharp.height, 12);
  EXPECT_EQ(set.test_pictures[1].blurred.values, Blur(set.test_pictures[1].sharp, 4).values);
}

TEST_F(SuperResolutionPairs, AreRefusedWithASentence) {
  options_.factors = {5};
  EXPECT_THAT(Load().error().message, HasSubstr("edge.png: is smaller than three times the scale, 5"));
  options_.test = folder_.File("nowhere");
  EXPECT_THAT(Load().error().message, HasSubstr("nowhere"));
  options_.test = "";
  EXPECT_EQ(Load().value().train.pairs, nullptr);
}

TEST(SuperResolution, AFolderOfSmallVersionsAloneIsNone) {
  const TemporaryFolder folder("super_resolution");
  folder.Write("a_LR.png", EdgePicture(18));
  EXPECT_THAT(ListSharpPictures(folder.path()).error().message, HasSubstr("_LR"));
}

}  // namespace
}  // namespace lowbit::data
