// Runs that learn the classes of pixels of made pictures.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/image_size.h"
#include "lowbit/data/confusion_matrix.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_png.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/test_metrics.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::train {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

constexpr char kRecipe[] = R"(
name = "test"
[data]
name = "segmentation"
crop = 16
test_last = 1
[augment]
flip = true
rotate = true
[model]
name = "fcn"
width = 0.0625
depth = 2
convs = 1
[train]
iterations = 100
batch = 4
test_batch = 1
log_every = 1
optimizer = "adam"
learning_rate = 0.01
[train.schedule]
kind = "cosine"
)";

class SegmentationTaskTest : public testing::Test {
 protected:
  SegmentationTaskTest() : folder_("lowbit_segmentation_task_test") {
    for (uint32_t i = 0; i < 4; ++i) WritePicture(i, /*ignored=*/false);
  }

  // A bright disc on dark ground, both with noise, of class 255 on 0; rows above the 24th count.
  void WritePicture(uint32_t number, bool ignored) const {
    data::Bytes pixels(32 * 32), mask(32 * 32);
    const CounterRandom random(number, StreamOf("disc"));
    for (uint32_t i = 0; i < pixels.size(); ++i) {
      const double y = i / 32 - 10.0 - number, x = i % 32 - 14.0 - 2 * number;
      const bool inside = y * y + x * x < 60;
      pixels[i] = static_cast<uint8_t>((inside ? 150 : 60) + random.Below(i, 40));
      mask[i] = ignored && i / 32 >= 24 ? 7 : inside ? 255 : 0;
    }
    const std::string name = std::to_string(number) + ".png";
    folder_.Write("set/train-image/" + name, data::Png(PNG_FORMAT_GRAY, 32, 32, pixels.data()));
    folder_.Write("set/train-label/" + name, data::Png(PNG_FORMAT_GRAY, 32, 32, mask.data()));
  }

  TrainJob Job(const Words& overrides) const {
    Config config = recipe::ParseRecipeText(kRecipe, "segmentation").value();
    for (const std::string& text : overrides) EXPECT_TRUE(recipe::ApplyOverride(&config, text).ok());
    TrainJob job;
    job.recipe = recipe::ReadRecipe(config).value();
    data::PictureOptions pictures;
    pictures.view.size = job.recipe.data.crop;
    pictures.test_last = job.recipe.data.test_last;
    pictures.masks = {job.recipe.data.mask_values, job.recipe.data.mask_ignore};
    job.dataset = data::LoadDataset("segmentation", folder_.File("set"), pictures).value();
    models::ModelInput input;
    input.image = job.dataset.train.image;
    input.classes = job.dataset.classes;
    input.mean = {100};
    input.scale = {0.02f};
    job.graph = models::BuildModel(job.recipe.model.name, input, job.recipe.model.options, 1).value();
    job.folder = folder_.File("run");
    std::filesystem::remove_all(job.folder);
    std::filesystem::create_directories(job.folder);
    job.quiet = true;
    return job;
  }

  Json Last(const std::string& kind) const { return MetricLines(folder_.File("run"), kind).back(); }

  // What the packed network makes of the whole test picture, by the plain evaluation, and how it scores.
  static double PlainScore(const TrainJob& job) {
    const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
    const Graph sized = AtImageSize(frozen, 32, 32, 2).value();
    DoubleTensor image({1, 1, 32, 32});
    for (size_t i = 0; i < 1024; ++i) image.data[i] = job.dataset.test.pixels[i];
    const DoubleTensor logits = Evaluate(sized, {{"image", image}}).value().at("logits");
    std::vector<float> unused(1024), target(1024);
    job.dataset.test.pairs->Make(0, 0, 0, {}, unused, target);
    std::vector<uint8_t> answer, truth;
    for (size_t i = 0; i < 1024; ++i) {
      answer.push_back(logits.data[1024 + i] > logits.data[i] ? 1 : 0);
      truth.push_back(target[i] < 0 ? data::kNoClass : static_cast<uint8_t>(target[i]));
    }
    data::ConfusionMatrix matrix(2);
    matrix.Add(answer, truth);
    return matrix.MeanIntersectionOverUnion();
  }

  data::TemporaryFolder folder_;
};

TEST_F(SegmentationTaskTest, LearnsAndTellsTheScoreOfWhatItPacks) {
  for (const std::string method : {"none", "twn"}) {
    const TrainJob job = Job({"quantize.method=" + method, "quantize.skip=[\"classifier\"]"});
    ASSERT_TRUE(CheckJob(job).ok()) << CheckJob(job).error().message;
    const TrainOutcome outcome = Train(job).value();
    EXPECT_STREQ(outcome.measure->word, "iou");
    EXPECT_GT(outcome.test_score, 0.85) << method;
    EXPECT_EQ(Last("final").at("test_iou"), outcome.test_score);
    EXPECT_LT(Last("step").at("loss"), 0.3);
    // A pixel whose two logits are equal up to rounding may go either way; one of them changes the score by less than 1 %.
    EXPECT_NEAR(PlainScore(job), outcome.test_score, 0.01) << method;
  }
}

TEST_F(SegmentationTaskTest, EveryMethodAndATeacherWork) {
  const Words methods = {"bwn", "lsq", "esb", "slb", "srq", "inq", "dorefa", "pq"};
  for (const std::string& method : methods) {
    Words settings = {"quantize.method=" + method, "quantize.skip=[\"classifier\"]", "train.iterations=4"};
    if (method == "slb") settings.push_back("quantize.slb.scale=channel");
    const auto outcome = Train(Job(settings));
    ASSERT_TRUE(outcome.ok()) << method << ": " << outcome.error().message;
  }
  TrainJob job = Job({"distill.teacher=t", "distill.weight=1", "train.iterations=4"});
  job.teacher = job.graph;
  ASSERT_TRUE(CheckJob(job).ok()) << CheckJob(job).error().message;
  EXPECT_TRUE(Train(job).ok());
}

TEST_F(SegmentationTaskTest, PixelsWithoutAClassDoNotCount) {
  for (uint32_t i = 0; i < 4; ++i) WritePicture(i, /*ignored=*/true);
  const TrainJob job = Job({"data.mask_ignore=7", "train.iterations=40"});
  ASSERT_EQ(job.dataset.classes, 2);
  const TrainOutcome outcome = Train(job).value();
  EXPECT_NEAR(PlainScore(job), outcome.test_score, 0.01);
  // Nothing of the test counts: no loss, and no mistake.
  const data::Bytes nothing(32 * 32, 7);
  folder_.Write("set/train-label/3.png", data::Png(PNG_FORMAT_GRAY, 32, 32, nothing.data()));
  const TrainOutcome none = Train(Job({"data.mask_ignore=7", "train.iterations=2"})).value();
  EXPECT_EQ(none.test_score, 1);
  EXPECT_EQ(none.test_loss, 0);
}

TEST_F(SegmentationTaskTest, WhatDoesNotFitIsSaidInASentence) {
  const auto error = [&](const TrainJob& job) {
    const Status status = CheckJob(job);
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_THAT(error(Job({"train.loss=l2"})), HasSubstr("'train.loss' must be \"cross_entropy\""));
  TrainJob classifier = Job({});
  models::ModelInput input;
  input.image = {1, 16, 16};
  input.classes = 2;
  classifier.graph = models::BuildModel("small", input, Config(), 1).value();
  EXPECT_THAT(error(classifier), HasSubstr("needs [1, 2, 16, 16]"));
  TrainJob small = Job({});
  small.dataset.test.image = small.dataset.test.answer = {1, 34, 32};
  EXPECT_THAT(error(small), HasSubstr("cannot take images of 34x32"));
}

}  // namespace
}  // namespace lowbit::train
