// Packed networks that tell classes of pixels.

#include "lowbit/data/segmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lowbit/app/evaluate_segmentation.h"
#include "lowbit/app/segment_pictures.h"
#include "lowbit/app/segmenter.h"
#include "lowbit/base/file.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/image_size.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_png.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/models/model.h"

namespace lowbit::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Pictures of noise, and a network of three classes, 10, 20 and 90, that halves images twice.
class SegmentationTest : public testing::Test {
 protected:
  SegmentationTest() : folder_("lowbit_segmentation_test_") {
    models::ModelInput input;
    input.image = {1, 8, 8};
    input.classes = 3;
    input.mean = {128};
    input.scale = {0.01f};
    const Config options = {ConfigTable{{"width", {0.0625, ""}}, {"depth", {int64_t{2}, ""}}}, ""};
    graph_ = models::BuildModel("fcn", input, options, 3).value();
    graph_.metadata = {{"dataset", "segmentation"}, {"labels", "10\n20\n90"}};
    Save();
    WritePicture("a", 16, 20, 1);
    WritePicture("b", 13, 30, 2);
  }

  void Save() const { ASSERT_TRUE(lbm::Write(graph_, Model()).ok()); }
  std::string Model() const { return folder_.File("net.lbm"); }
  std::string Picture(const std::string& name) const { return folder_.File("set/test-image/" + name + ".png"); }
  std::string Mask(const std::string& name) const { return folder_.File("set/test-label/" + name + ".png"); }
  std::string Data() const { return "segmentation:" + folder_.File("set"); }

  void WritePicture(const std::string& name, uint32_t height, uint32_t width, uint64_t seed) const {
    const data::ImageSet noise = data::NoiseSet({1, height, width}, 1, 1, seed);
    folder_.Write("set/test-image/" + name + ".png", data::Png(PNG_FORMAT_GRAY, height, width, noise.pixels.data()));
  }

  // Makes masks of what the network answers.
  void AnswerAll() const {
    std::filesystem::create_directories(folder_.File("set/test-label"));
    for (const char* name : {"a", "b"}) {
      const auto answers = SegmentPictures(Model(), {Picture(name)}, Mask(name), 3, 1);
      ASSERT_TRUE(answers.ok()) << answers.error().message;
    }
  }

  data::TemporaryFolder folder_;
  Graph graph_;
};

// At the picture's own size, against the plain evaluation: wherever the two largest logits differ by more than rounding.
TEST_F(SegmentationTest, IsThePlainEvaluation) {
  const data::Image8 image = data::ReadImage(Picture("a")).value();
  const Segmenter::Map map = Segmenter::Load(Model(), 1).value().Segment(image).value();
  ASSERT_EQ(map.height, 16);
  ASSERT_EQ(map.width, 20);
  DoubleTensor pixels({1, 1, 16, 20});
  for (size_t i = 0; i < pixels.data.size(); ++i) pixels.data[i] = image.pixels[i];
  const Graph sized = AtImageSize(graph_, 16, 20, 3).value();
  const DoubleTensor logits = Evaluate(sized, {{"image", pixels}}).value().at("logits");
  const std::vector<float> rounded(logits.data.begin(), logits.data.end());
  const std::vector<uint8_t> expected = data::LargestClass(rounded.data(), 3, 320);
  // A hundred or so sums of a few hundred products of size 1 in float: 1e-4 is far above their rounding.
  int near = 0;
  for (size_t i = 0; i < 320; ++i) {
    if (map.classes[i] == expected[i]) continue;
    ++near;
    EXPECT_NEAR(rounded[map.classes[i] * 320 + i], rounded[expected[i] * 320 + i], 1e-4);
  }
  EXPECT_LT(near, 3);
  EXPECT_EQ(std::set<uint8_t>(expected.begin(), expected.end()).size(), 3U);
}

// 13 rows are no multiple of 4: what is added below is mirrored, and is not in the answer.
TEST_F(SegmentationTest, TakesPicturesOfAnySize) {
  const data::Image8 image = data::ReadImage(Picture("b")).value();
  Segmenter segmenter = Segmenter::Load(Model(), 1).value();
  const Segmenter::Map map = segmenter.Segment(image).value();
  const data::Image8 longer = {{1, 16, 32}, data::MirrorTo(image.pixels.data(), 13, 30, 16, 32)};
  const Segmenter::Map whole = segmenter.Segment(longer).value();
  ASSERT_EQ(map.classes.size(), 13U * 30);
  for (size_t y = 0; y < 13; ++y) {
    for (size_t x = 0; x < 30; ++x) EXPECT_EQ(map.classes[y * 30 + x], whole.classes[y * 32 + x]);
  }
}

TEST_F(SegmentationTest, MasksHaveTheGreyValuesOfTheirClasses) {
  const std::string mask = folder_.File("a.png");
  const SegmentedPicture answer = SegmentPictures(Model(), {Picture("a")}, mask, 2, 1).value().at(0);
  const data::Image8 written = data::ReadImage(mask).value();
  EXPECT_EQ(written.shape, (Shape{1, 16, 20}));
  const auto pixels = [&](int value) {
    return static_cast<double>(std::count(written.pixels.begin(), written.pixels.end(), value));
  };
  EXPECT_EQ(pixels(10) + pixels(20) + pixels(90), 320);
  ASSERT_EQ(answer.top.size(), 2U);
  EXPECT_GE(answer.top[0].share, answer.top[1].share);
  for (const SegmentedPicture::Class& one : answer.top) EXPECT_EQ(one.share, pixels(std::stoi(one.label)) / 320);
  EXPECT_THAT(ToText({answer}), HasSubstr(Picture("a") + " -> " + mask + "\n"));
  EXPECT_EQ(nlohmann::json::parse(ToJson({answer})).at("images").at(0).at("classes").size(), 2U);
  graph_.metadata["labels"] = "cell\nmembrane\n7";
  Save();
  EXPECT_THAT(Segmenter::Load(Model(), 1).value().MaskValues(), ElementsAre(0, 1, 2));
}

TEST_F(SegmentationTest, ScoresPoolThePixelsOfAllPictures) {
  AnswerAll();
  const Segmentation all = EvaluateSegmentation(Model(), Data(), 1).value();
  EXPECT_EQ(all.pictures, 2);
  EXPECT_EQ(all.pixels, 320 + 390);
  EXPECT_EQ(all.mean_iou, 1);
  EXPECT_EQ(all.pixel_accuracy, 1);
  // Now one mask is all of the second class.
  const data::Image8 before = data::ReadImage(Mask("a")).value();
  const auto other = static_cast<double>(before.pixels.size()) -
                     static_cast<double>(std::count(before.pixels.begin(), before.pixels.end(), 20));
  ASSERT_GT(other, 0);
  const data::Bytes same(320, 20);
  folder_.Write("set/test-label/a.png", data::Png(PNG_FORMAT_GRAY, 16, 20, same.data()));
  const Segmentation some = EvaluateSegmentation(Model(), Data(), 1).value();
  EXPECT_DOUBLE_EQ(some.pixel_accuracy, 1 - other / 710);
  EXPECT_LT(some.mean_iou, 1);
  EXPECT_THAT(ToText(some), HasSubstr("2 pictures"));
  EXPECT_EQ(nlohmann::json::parse(ToJson(some)).at("iou"), some.mean_iou);
}

TEST_F(SegmentationTest, TheLastPicturesOfTrainingMayBeTheTest) {
  AnswerAll();
  std::filesystem::rename(folder_.File("set/test-image"), folder_.File("set/train-image"));
  std::filesystem::rename(folder_.File("set/test-label"), folder_.File("set/train-label"));
  EXPECT_THAT(EvaluateSegmentation(Model(), Data(), 1).error().message, HasSubstr("has no test pictures"));
  graph_.metadata["test_last"] = "1";
  Save();
  EXPECT_EQ(EvaluateSegmentation(Model(), Data(), 1).value().pixels, 390);
  graph_.metadata["test_last"] = "1x";
  Save();
  EXPECT_THAT(EvaluateSegmentation(Model(), Data(), 1).error().message, HasSubstr("its 'test_last' is '1x'"));
}

TEST_F(SegmentationTest, WhatDoesNotFitIsNamed) {
  AnswerAll();
  graph_.metadata["labels"] = "10\n20\n91";
  Save();
  EXPECT_THAT(EvaluateSegmentation(Model(), Data(), 1).error().message, HasSubstr("grey value 90 is no class"));
  EXPECT_FALSE(EvaluateSegmentation(Model(), "segmentation:" + folder_.File("nowhere"), 1).ok());
  models::ModelInput input;
  input.image = {1, 28, 28};
  input.classes = 3;
  const Graph classifier = models::BuildModel("small", input, Config(), 1).value();
  const std::string path = folder_.File("small.lbm");
  ASSERT_TRUE(lbm::Write(classifier, path).ok());
  EXPECT_THAT(EvaluateSegmentation(path, Data(), 1).error().message, HasSubstr("tells no classes of pixels"));
  EXPECT_FALSE(IsSegmentationFile(path));
  EXPECT_TRUE(IsSegmentationFile(Model()));
  const auto error = [&](const std::vector<std::string>& pictures, const std::string& mask) {
    const auto answers = SegmentPictures(Model(), pictures, mask, 3, 1);
    return answers.ok() ? "" : answers.error().message;
  };
  EXPECT_THAT(error({Picture("a"), Picture("b")}, folder_.File("m.png")), HasSubstr("2 are given"));
  EXPECT_THAT(error({Picture("a")}, folder_.File("m.jpg")), HasSubstr("ends in .png"));
  EXPECT_NE(error({Picture("a")}, Picture("a")), "");
  EXPECT_NE(error({folder_.File("no.png")}, folder_.File("m.png")), "");
  EXPECT_FALSE(FileExists(folder_.File("m.png")));
}

TEST(IsSegmentation, GoesByTheName) {
  EXPECT_TRUE(IsSegmentation("segmentation"));
  EXPECT_TRUE(IsSegmentation("segmentation:x"));
  EXPECT_FALSE(IsSegmentation("segmentations"));
  EXPECT_FALSE(IsSegmentation(""));
}

}  // namespace
}  // namespace lowbit::app
