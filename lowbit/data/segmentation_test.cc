#include "lowbit/data/segmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "lowbit/data/batcher.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_png.h"

namespace lowbit::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A folder of three pictures whose pixels are all different, and whose masks are 200 where the pixel's number is odd, else 50.
class Segmentation : public testing::Test {
 protected:
  Segmentation() : folder_("segmentation") {
    for (const char* name : {"a", "b", "c"}) Write("train", name, 12, 20);
    options_.view.size = 6;
    options_.test_last = 1;
  }
  void Write(const std::string& half, const std::string& name, uint32_t height, uint32_t width) const {
    Bytes ramp(height * width), mask(height * width);
    for (size_t i = 0; i < ramp.size(); ++i) {
      ramp[i] = static_cast<uint8_t>(i);
      mask[i] = i % 2 == 0 ? 50 : 200;
    }
    folder_.Write(half + "-image/" + name + ".png", Png(PNG_FORMAT_GRAY, height, width, ramp.data()));
    folder_.Write(half + "-label/" + name + ".png", Png(PNG_FORMAT_GRAY, height, width, mask.data()));
  }
  Result<Dataset> Load() const { return LoadDataset("segmentation", folder_.path(), options_); }
  std::string Refused() const {
    const Result<Dataset> set = Load();
    EXPECT_FALSE(set.ok());
    return set.ok() ? "" : set.error().message;
  }

  TemporaryFolder folder_;
  PictureOptions options_;
};

TEST_F(Segmentation, TrainsOnSquaresAndTestsOnWholePictures) {
  const Dataset set = Load().value();
  EXPECT_EQ(set.task, "segmentation");
  EXPECT_EQ(set.classes, 2);
  EXPECT_THAT(set.class_names, ElementsAre("50", "200"));
  EXPECT_EQ(set.train.count(), 2 * 2 * 3);
  EXPECT_EQ(set.train.image, (Shape{1, 6, 6}));
  EXPECT_EQ(set.train.answer, (Shape{1, 6, 6}));
  EXPECT_EQ(set.train.pixels.size(), 12U * 36);
  EXPECT_EQ(set.train.pixels[36 + 1], 7);  // The second square begins at column 6.
  EXPECT_EQ(set.test.count(), 1);
  EXPECT_EQ(set.test.image, (Shape{1, 32, 32}));
  EXPECT_EQ(set.test.answer, (Shape{1, 32, 32}));
}

TEST_F(Segmentation, BothSidesAreTheSameSquare) {
  const Dataset set = Load().value();
  std::set<float> places;
  for (uint64_t epoch = 0; epoch < 60; ++epoch) {
    std::vector<float> image(36), target(36), again(36);
    set.train.pairs->Make(7, 3, epoch, {true, true}, image, target);
    for (size_t i = 0; i < 36; ++i) EXPECT_EQ(target[i], static_cast<int>(image[i]) % 2);
    set.train.pairs->Make(7, 3, epoch, {true, true}, again, target);
    EXPECT_EQ(image, again);
    places.insert(image[0]);
  }
  EXPECT_GT(places.size(), 30U);
}

TEST_F(Segmentation, ExamplesOfDifferentPicturesDiffer) {
  Bytes white(12 * 20, 255);
  folder_.Write("train-image/b.png", Png(PNG_FORMAT_GRAY, 12, 20, white.data()));
  const Dataset set = Load().value();
  std::vector<float> image(36), target(36);
  for (int64_t index = 0; index < 12; ++index) {
    set.train.pairs->Make(index, 3, 0, {}, image, target);
    EXPECT_EQ(image[0] == 255 && image[35] == 255, index >= 6) << index;
  }
}

TEST_F(Segmentation, WholePicturesGoOnAsTheirMirrorImage) {
  const Dataset set = Load().value();
  std::vector<float> image(32 * 32), target(32 * 32);
  set.test.pairs->Make(0, 3, 5, {}, image, target);
  EXPECT_EQ(image[19], 19);
  EXPECT_EQ(image[20], 19);
  EXPECT_EQ(image[21], 18);
  EXPECT_EQ(image[11 * 32], image[12 * 32]);
  EXPECT_EQ(image[23 * 32], image[0]);
  EXPECT_EQ(image[24 * 32], image[0]);
  EXPECT_EQ(target[19], 1);
  EXPECT_EQ(target[20], -1);
  EXPECT_EQ(target[12 * 32], -1);
  EXPECT_EQ(set.test.pixels[21], 18);
}

TEST_F(Segmentation, BatchesHoldBothSides) {
  const Dataset set = Load().value();
  BatchOptions options;
  options.batch_size = 5;
  options.seed = 7;
  Batcher batcher(set.train, options);
  batcher.StartEpoch(3);
  Batch batch;
  ASSERT_TRUE(batcher.Next(&batch));
  ASSERT_EQ(batch.targets.size(), 5U * 36);
  for (size_t i = 0; i < batch.targets.size(); ++i) {
    EXPECT_EQ(batch.targets[i], static_cast<int>(batch.images[i]) % 2);
  }
}

TEST_F(Segmentation, TestPicturesMayHaveFoldersOfTheirOwn) {
  options_.test_last = 0;
  EXPECT_THAT(Refused(), HasSubstr("test-image and test-label"));
  Write("test", "x", 40, 12);
  Write("test", "y", 12, 70);
  const Dataset set = Load().value();
  EXPECT_EQ(set.train.count(), 3 * 2 * 3);
  EXPECT_EQ(set.test.image, (Shape{1, 64, 96}));
  options_.test_last = 1;
  EXPECT_THAT(Refused(), HasSubstr("'data.test_last' must be left out"));
}

TEST_F(Segmentation, OneColourPictureMakesAllColour) {
  Bytes red(12 * 20 * 3);
  for (size_t i = 0; i < red.size(); i += 3) red[i] = 90;
  folder_.Write("train-image/b.png", Png(PNG_FORMAT_RGB, 12, 20, red.data()));
  const Dataset set = Load().value();
  EXPECT_EQ(set.train.image, (Shape{3, 6, 6}));
  EXPECT_EQ(set.test.image, (Shape{3, 32, 32}));
  std::vector<float> image(3 * 36), target(36);
  set.train.pairs->Make(8, 3, 0, {}, image, target);
  EXPECT_EQ(image[0], 90);
  EXPECT_EQ(image[36], 0);
  set.train.pairs->Make(0, 3, 0, {}, image, target);
  EXPECT_EQ(image[40], image[4]);
}

TEST_F(Segmentation, ValuesMayBeListedAndIgnored) {
  options_.masks = {{200, 50}, -1};
  EXPECT_THAT(Load().value().class_names, ElementsAre("200", "50"));
  std::vector<float> image(36), target(36);
  Load().value().train.pairs->Make(0, 3, 0, {}, image, target);
  EXPECT_EQ(target[0], 1 - static_cast<int>(image[0]) % 2);
  Bytes some(12 * 20, 50);
  some[27] = 200;
  some[28] = 7;
  folder_.Write("train-label/b.png", Png(PNG_FORMAT_GRAY, 12, 20, some.data()));
  EXPECT_THAT(Refused(),
              HasSubstr("b.png: row 1, column 8: grey value 7 is no class; the values of classes are 200, 50"));
  options_.masks.ignore = 7;
  EXPECT_EQ(Load().value().classes, 2);
  options_.masks.values = {};
  EXPECT_THAT(Load().value().class_names, ElementsAre("50", "200"));
  options_.masks.ignore = -1;
  EXPECT_THAT(Load().value().class_names, ElementsAre("7", "50", "200"));
}

TEST_F(Segmentation, WhatDoesNotFitIsNamed) {
  options_.view.size = 13;
  EXPECT_THAT(Refused(), HasSubstr("a.png: is 12x20, smaller than the network's image, 'data.crop' = 13"));
  options_.view.size = 6;
  options_.test_last = 3;
  EXPECT_THAT(Refused(), HasSubstr("'data.test_last' = 3 leaves none of the 3 pictures"));
  options_.test_last = 1;
  options_.test = "x";
  EXPECT_THAT(Refused(), HasSubstr("'data.test_path' must be left out"));
  options_.test = "";
  Bytes pixels(12 * 21 * 3, 50);
  folder_.Write("train-label/b.png", Png(PNG_FORMAT_GRAY, 12, 21, pixels.data()));
  EXPECT_THAT(Refused(), HasSubstr("train-label/b.png: is 12x21; its picture is 12x20"));
  pixels[0] = 3;
  folder_.Write("train-label/b.png", Png(PNG_FORMAT_RGB, 12, 20, pixels.data()));
  EXPECT_THAT(Refused(), HasSubstr("train-label/b.png: is in colour"));
  folder_.Write("train-label/b.png", {1, 2, 3});
  EXPECT_THAT(Refused(), HasSubstr("train-label/b.png"));
  std::filesystem::remove(folder_.File("train-label/b.png"));
  EXPECT_THAT(Refused(), HasSubstr("train-image/b.png: has no mask of that name"));
  std::filesystem::rename(folder_.File("train-image/b.png"), folder_.File("train-label/b.png"));
  EXPECT_THAT(Refused(), HasSubstr("train-label/b.png: is the mask of no picture"));
}

TEST_F(Segmentation, MasksOfShadesOrOfOneValueAreNoClasses) {
  Bytes shades(12 * 20);
  for (size_t i = 0; i < shades.size(); ++i) shades[i] = static_cast<uint8_t>(i);
  folder_.Write("train-label/a.png", Png(PNG_FORMAT_GRAY, 12, 20, shades.data()));
  EXPECT_THAT(Refused(), HasSubstr("240 grey values"));
  const Bytes same(12 * 20, 9);
  for (const char* name : {"a", "b", "c"}) {
    folder_.Write("train-label/" + std::string(name) + ".png", Png(PNG_FORMAT_GRAY, 12, 20, same.data()));
  }
  EXPECT_THAT(Refused(), HasSubstr("only one grey value"));
}

TEST(LargestClass, IsTheFirstOfEquals) {
  const std::vector<float> logits = {1, 0, 2,  //
                                     1, 3, 1,  //
                                     0, 3, 4};
  EXPECT_THAT(LargestClass(logits.data(), 3, 3), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace lowbit::data
