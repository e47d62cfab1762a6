// Runs that learn to sharpen pictures.

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "lowbit/base/file.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/test_metrics.h"
#include "lowbit/train/trainer/test_pictures.h"

namespace lowbit::train {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

class SharpenTest : public testing::Test {
 protected:
  SharpenTest() : folder_("lowbit_sharpen_test") {}

  TrainJob Job(const Words& overrides = {}) const { return SharpeningJob("sharpen", folder_, overrides); }

  std::vector<Json> Lines(const std::string& kind) const { return MetricLines(folder_.File("run"), kind); }

  // Mean of the blurred pictures themselves.
  static double Bicubic(const TrainJob& job) {
    double sum = 0;
    for (const data::BlurredPicture& picture : job.dataset.test_pictures) {
      sum += data::Psnr(picture.blurred, picture.sharp, picture.factor);
    }
    return sum / static_cast<double>(job.dataset.tests());
  }

  data::TemporaryFolder folder_;
};

TEST_F(SharpenTest, LearnsToSharpen) {
  const TrainJob job = Job({"train.iterations=300"});
  ASSERT_EQ(job.dataset.tests(), 4);
  const TrainOutcome outcome = Train(job).value();
  EXPECT_STREQ(outcome.measure->word, "psnr");
  EXPECT_GT(outcome.test_score, Bicubic(job) + 0.5);
  EXPECT_GE(outcome.best_test_score, outcome.test_score);
  const Json final = Lines("final").at(0), epoch = Lines("epoch").back();
  EXPECT_EQ(final.at("test_psnr"), outcome.test_score);
  EXPECT_EQ(final.at("best_epoch"), outcome.best_epoch);
  EXPECT_EQ(epoch.at("test_psnr"), outcome.test_score);
  EXPECT_FALSE(epoch.contains("test_accuracy") || epoch.contains("train_accuracy"));
  EXPECT_LT(Lines("step").back().at("loss"), Lines("step").front().at("loss"));
}

// What is told of a run, and what its checkpoint computes.
TEST_F(SharpenTest, TheCheckpointHasThePsnrThatWasTold) {
  for (const std::string loss : {"l1", "l2"}) {
    const TrainJob job = Job({"train.loss=" + loss, "quantize.method=twn", "quantize.skip=[\"input\",\"output\"]"});
    std::filesystem::remove(folder_.File("run/checkpoint.safetensors"));
    const TrainOutcome outcome = Train(job).value();
    double sum = 0;
    const Status status = ForEachSharpened({job.recipe, job.graph, job.folder}, job.dataset.test_pictures, "cpu", 1,
                                           [&](size_t i, const data::Plane& made) {
                                             const data::BlurredPicture& picture = job.dataset.test_pictures[i];
                                             sum += data::Psnr(made, picture.sharp, picture.factor);
                                           });
    ASSERT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(sum / 4, outcome.test_score);
    const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
    EXPECT_TRUE(std::holds_alternative<QTensor>(frozen.parameters.at("residual_layer.0.conv.weight").value));
  }
}

TEST_F(SharpenTest, EveryMethodLearns) {
  const Words methods = {"bwn", "ttq", "lsq", "esb", "slb", "srq", "inq", "pq"};
  for (const std::string& method : methods) {
    Words settings = {"quantize.method=" + method, "quantize.skip=[\"input\",\"output\"]", "train.iterations=12"};
    if (method == "slb") settings.push_back("quantize.slb.scale=channel");
    std::filesystem::remove(folder_.File("run/checkpoint.safetensors"));
    const auto outcome = Train(Job(settings));
    ASSERT_TRUE(outcome.ok()) << method << ": " << outcome.error().message;
    EXPECT_GT(outcome.value().test_score, 0) << method;
  }
  std::filesystem::remove(folder_.File("run/checkpoint.safetensors"));
  EXPECT_TRUE(Train(Job({"quantize.method=twn", "quantize.policy=sq", "quantize.sq.ramp=[0.5,1.0]",
                         "quantize.sq.ramp_until=0.5", "train.iterations=12", "quantize.activations.bits=8"}))
                  .ok());
  EXPECT_FALSE(Lines("activation").empty());
}

TEST_F(SharpenTest, ATeacherTakesThePlaceOfTheSharpPictures) {
  TrainJob job = Job({"distill.teacher=t", "distill.weight=1", "train.iterations=120"});
  job.teacher = job.graph;  // Another start learns to be it.
  for (auto& [name, parameter] : job.graph.parameters) {
    if (parameter.traits.role != ParameterTraits::Role::kWeight) continue;
    for (float& w : std::get<FloatTensor>(parameter.value).data) w *= 0.5f;
  }
  ASSERT_TRUE(CheckJob(job).ok());
  ASSERT_TRUE(Train(job).ok());
  EXPECT_LT(Lines("step").back().at("loss").get<double>(), 0.1 * Lines("step").front().at("loss").get<double>());
}

TEST_F(SharpenTest, AnInterruptedRunEndsWithTheSameNumbers) {
  const Words settings = {"quantize.method=twn", "train.iterations=40"};
  const TrainOutcome whole = Train(Job(settings)).value();
  const std::vector<Json> expected = Lines("epoch");
  std::filesystem::remove_all(folder_.File("run"));
  TrainJob job = Job(settings);
  std::thread sender([this] {
    while (Lines("step").empty()) std::this_thread::yield();
    std::raise(SIGTERM);
  });
  const auto stopped = Train(job);
  sender.join();
  ASSERT_FALSE(stopped.ok());
  job.resume = true;
  EXPECT_EQ(Train(job).value().test_score, whole.test_score);
  const std::vector<Json> actual = Lines("epoch");
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(actual[i].at("train_loss"), expected[i].at("train_loss"));
    EXPECT_EQ(actual[i].at("test_psnr"), expected[i].at("test_psnr"));
  }
}

TEST_F(SharpenTest, WhatDoesNotFitIsSaidInASentence) {
  const auto error = [](const TrainJob& job) { return CheckJob(job).error().message; };
  EXPECT_EQ(error(Job({"train.loss=cross_entropy"})),
            "'train.loss' must be \"l2\" or \"l1\" for the data set super-resolution");
  EXPECT_EQ(error(Job({"train.label_smoothing=0.1"})),
            "'train.label_smoothing' must be 0 for the data set super-resolution, which has no labels");
  TrainJob other = Job();
  models::ModelInput input;
  input.image = other.dataset.train.image;
  input.classes = 3;
  other.graph = models::BuildModel("small", input, {}, 1).value();
  EXPECT_EQ(error(other),
            "the network makes [1, 3] of [1, 1, 12, 12]; the data set super-resolution needs [1, 1, 12, 12]");
  TrainJob labels = Job({"train.loss=l1"});
  labels.dataset.task = "classification";
  labels.dataset.classes = 3;
  EXPECT_EQ(error(labels), "'train.loss' must be \"cross_entropy\" for the data set super-resolution");
}

}  // namespace
}  // namespace lowbit::train
