// Whole runs on a small made data set.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "lowbit/base/file.h"
#include "lowbit/train/trainer/recipe_options.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/test_trainer.h"

namespace lowbit::train {
namespace {

TEST(ReadBatchOptions, FillsWithTheMeanOfTheImagesOrOfTheRecipe) {
  data::ImageSet images;
  images.image = {1, 1, 2};
  images.labels = {0};
  images.pixels = {10, 30};
  recipe::Recipe recipe;
  recipe.augment.cutout = 1;
  EXPECT_EQ(ReadBatchOptions(recipe, images).value().augment.fill, std::vector<float>{20});
  recipe.data.mean = {0.2};
  EXPECT_EQ(ReadBatchOptions(recipe, images).value().augment.fill, std::vector<float>{51});
  recipe.augment.cutout = 0;
  EXPECT_TRUE(ReadBatchOptions(recipe, images).value().augment.fill.empty());
}

TEST_F(TrainerTest, StagesRestartTheScheduleAndRaiseTheShare) {
  const TrainOutcome outcome = Train(Job()).value();
  EXPECT_EQ(outcome.iterations, 40);
  const std::vector<Json> steps = Lines("step");
  ASSERT_EQ(steps.size(), 40u);
  const double shares[] = {0.5, 0.75, 0.875, 1.0};
  for (int i = 0; i < 40; ++i) {
    const Json& step = steps[static_cast<size_t>(i)];
    EXPECT_EQ(step.at("iteration"), i + 1);
    EXPECT_EQ(step.at("stage"), i / 10);
    EXPECT_EQ(step.at("ratio"), shares[i / 10]);
    EXPECT_DOUBLE_EQ(step.at("learning_rate"), i % 10 < 5 ? 0.1 : 0.05);
  }
  // What was really quantized in each layer at the end of a stage: ceil(r m) of m rows.
  for (const Json& layer : Lines("layer")) {
    if (layer.at("layer") != "conv2") continue;  // 8 rows
    const int64_t stage = (layer.at("epoch").get<int64_t>() - 1) / 4;
    EXPECT_DOUBLE_EQ(layer.at("quantized"), std::ceil(shares[stage] * 8) / 8);
  }
}

TEST_F(TrainerTest, LearnsAndReportsTheLastEpoch) {
  const TrainOutcome outcome = Train(Job({"train.iterations=60", "quantize.sq.stages=[1.0]"})).value();
  EXPECT_GT(outcome.test_score, 0.9);  // Chance is a third.
  const Json final = Lines("final").at(0);
  EXPECT_EQ(final.at("test_accuracy"), outcome.test_score);
  EXPECT_EQ(Lines("epoch").back().at("test_accuracy"), outcome.test_score);
  std::set<std::string> names;
  for (const Json& line : Lines("histogram")) {
    names.insert(line.at("layer").get<std::string>() + line.at("when").get<std::string>());
  }
  EXPECT_EQ(names.size(), 6u);  // Three layers, start and end.
}

TEST_F(TrainerTest, ResumingAFinishedRunChangesNothing) {
  const TrainOutcome first = Train(Job()).value();
  const std::string metrics = ReadTextFile(folder_ + "/metrics.jsonl").value();
  TrainJob again = Job();
  again.resume = true;
  const TrainOutcome second = Train(again).value();
  EXPECT_EQ(second.test_score, first.test_score);
  EXPECT_EQ(second.best_epoch, first.best_epoch);
  EXPECT_EQ(ReadTextFile(folder_ + "/metrics.jsonl").value(), metrics);
}

TEST_F(TrainerTest, LossThatIsNotFiniteEndsTheRun) {
  const auto outcome = Train(Job({"train.learning_rate=1000", "train.weight_decay=1", "train.iterations=200"}));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kFailed);
  EXPECT_NE(outcome.error().message.find("not a finite number at iteration"), std::string::npos);
}

TEST_F(TrainerTest, DivergedStatisticsEndTheRunToo) {
  const auto outcome = Train(Job({"train.learning_rate=1000", "train.weight_decay=1", "train.iterations=2"}));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kFailed);
}

TEST_F(TrainerTest, ImpossibleJobsAreFoundBeforeAnythingIsWritten) {
  EXPECT_NE(CheckJob(Job({"train.batch=61"})).error().message.find("larger than the training set of 60"),
            std::string::npos);
  EXPECT_NE(CheckJob(Job({"quantize.skip=[\"conv9\"]"})).error().message.find("conv9"), std::string::npos);
  TrainJob device = Job();
  device.device = "cuda:9";
  EXPECT_FALSE(CheckJob(device).ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(TrainerTest, DamagedCheckpointIsAnErrorAndStays) {
  ASSERT_TRUE(Train(Job()).ok());
  const std::string path = CheckpointPath(folder_);
  const std::vector<uint8_t> good = ReadFile(path).value();
  TrainJob job = Job();
  job.resume = true;
  for (const size_t at : {size_t{3}, size_t{20}, good.size() / 2, good.size() - 1}) {
    std::vector<uint8_t> bad = good;
    bad[at] ^= 4;
    ASSERT_TRUE(WriteFileAtomic(path, bad).ok());
    const auto outcome = Train(job);
    ASSERT_FALSE(outcome.ok()) << at;
    EXPECT_NE(outcome.error().message.find(path), std::string::npos);
    EXPECT_EQ(ReadFile(path).value(), bad);
  }
  const std::vector<uint8_t> half(good.begin(), good.begin() + static_cast<int64_t>(good.size() / 2));
  ASSERT_TRUE(WriteFileAtomic(path, half).ok());
  EXPECT_FALSE(Train(job).ok());
}

TEST_F(TrainerTest, CheckpointOfAnotherNetworkIsRefused) {
  ASSERT_TRUE(Train(Job()).ok());
  TrainJob other = Job({"model.channels=[4, 16]"});
  other.resume = true;
  const auto outcome = Train(other);
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().message.find("has shape"), std::string::npos);
}

// --- Stages of a plain run, and a method that follows the progress of the whole.

TEST_F(TrainerTest, StagesStartTheScheduleAgainAndInqFreezesWithThem) {
  const std::vector<std::string> overrides = {"quantize.policy=none", "quantize.method=inq", "train.stages=3",
                                              "train.evaluate_every=0"};
  const TrainJob job = Job(overrides);
  const TrainOutcome outcome = Train(job).value();
  EXPECT_EQ(outcome.iterations, 30);
  std::vector<double> rates;
  for (const Json& line : Lines("step")) rates.push_back(line.at("learning_rate"));
  ASSERT_EQ(rates.size(), 30u);
  for (size_t i = 0; i < rates.size(); ++i) EXPECT_EQ(rates[i], i % 10 < 5 ? 0.1 : 0.05) << i;
  // conv2 has 4 * 8 * 9 weights.
  for (const Json& line : Lines("layer")) {
    if (line.at("layer") != "conv2") continue;
    const double portions[] = {.5, .75, .875};
    const int64_t epoch = line.at("epoch");  // Four to a stage.
    EXPECT_EQ(line.at("quantized"), portions[(epoch - 1) / 4]) << epoch;
  }
  const QTensor weights =
      std::get<QTensor>(Freeze({job.recipe, job.graph, job.folder}).value().parameters.at("conv2.weight").value);
  EXPECT_EQ(std::exp2(std::round(std::log2(weights.scales[0]))), weights.scales[0]);
}

// Every method of the shelf that has a state of its own, through a checkpoint.
TEST_F(TrainerTest, MethodsWithParametersOfTheirOwnAreRestored) {
  for (const std::string method : {"lsq", "apot", "ttq", "inq"}) {
    std::filesystem::remove(CheckpointPath(folder_));
    const TrainJob job = Job({"quantize.policy=none", "quantize.method=" + method, "train.iterations=30"});
    const Result<TrainOutcome> outcome = Train(job);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_GT(outcome.value().test_score, 0.6) << method;
    int64_t correct = 0;
    const Status evaluated = ForEachLogits({job.recipe, job.graph, job.folder}, job.dataset.test, "cpu", 1,
                                           [&](int64_t first, int64_t count, Span<const float> logits) {
                                             for (int64_t i = 0; i < count; ++i) {
                                               const float* row = logits.data() + i * 3;
                                               correct += std::max_element(row, row + 3) - row ==
                                                          job.dataset.test.labels[static_cast<size_t>(first + i)];
                                             }
                                           });
    ASSERT_TRUE(evaluated.ok()) << evaluated.error().message;
    EXPECT_EQ(static_cast<double>(correct) / 30, outcome.value().test_score) << method;
  }
}

TEST_F(TrainerTest, ReestimatesBatchNormAfterTheLastUpdateOnly) {
  ASSERT_TRUE(Train(Job()).ok());
  const std::vector<Json> plain = Lines("epoch");
  const std::vector<float> moving = Values(folder_, "buffer/bn1.mean"), weight = Values(folder_, "parameter/fc.weight");
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  const TrainOutcome outcome = Train(Job({"train.reestimate_batch_norm=7"})).value();  // Of 3 batches an epoch.
  EXPECT_EQ(Values(folder_, "parameter/fc.weight"), weight);
  EXPECT_NE(Values(folder_, "buffer/bn1.mean"), moving);
  const std::vector<Json> epochs = Lines("epoch");
  ASSERT_EQ(epochs.size(), plain.size());
  for (size_t i = 0; i + 1 < epochs.size(); ++i) EXPECT_EQ(epochs[i].at("test_loss"), plain[i].at("test_loss"));
  EXPECT_NE(epochs.back().at("test_loss"), plain.back().at("test_loss"));
  EXPECT_EQ(epochs.back().at("test_loss"), outcome.test_loss);
}

// The network of a job that has learned.
Graph Learned(TrainJob job) {
  EXPECT_TRUE(Train(job).ok());
  Graph graph = Freeze({job.recipe, job.graph, job.folder}).value();
  std::filesystem::remove_all(job.folder);
  std::filesystem::create_directories(job.folder);
  return graph;
}

TEST_F(TrainerTest, LearnsFromATeacherAlone) {
  TrainJob job = Job({"train.iterations=60", "quantize.sq.stages=[1.0]", "distill.teacher=t", "distill.weight=1"});
  job.teacher = Learned(Job({"train.iterations=60", "quantize.sq.stages=[1.0]"}));
  // The labels say nothing.
  for (int32_t& label : job.dataset.train.labels) label = 0;
  EXPECT_GT(Train(job).value().test_score, 0.9);  // Chance is a third.
}

TEST_F(TrainerTest, ATeacherThatDoesNotFitIsNamed) {
  TrainJob job = Job({"distill.teacher=teacher.safetensors"});
  models::ModelInput input;
  input.image = {1, 8, 8};
  input.classes = 4;
  input.mean = {90};
  input.scale = {0.02f};
  job.teacher = models::BuildModel("small", input, {}, 1).value();
  EXPECT_EQ(
      CheckJob(job).error().message,
      "teacher.safetensors: as a teacher it makes [1, 4] of [1, 1, 8, 8]; the network that is trained makes [1, 3] "
      "of [1, 1, 8, 8]");
}

// --- Resuming.

class InterruptedTest : public TrainerTest, public testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(InterruptedTest, LeavesACheckpointThatContinues) {
  const std::vector<std::string>& settings = GetParam();
  const TrainOutcome whole = Train(Job(settings)).value();
  const std::vector<Json> expected = Lines("epoch");
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  // The signal comes as soon as the run has logged its first step.
  TrainJob job = Job(settings);
  std::thread sender([this] {
    while (!FileExists(folder_ + "/metrics.jsonl") || Lines("step").empty()) std::this_thread::yield();
    std::raise(SIGTERM);
  });
  const auto stopped = Train(job);
  sender.join();
  ASSERT_FALSE(stopped.ok());
  EXPECT_NE(stopped.error().message.find("--resume continues"), std::string::npos);
  job.resume = true;
  EXPECT_EQ(Train(job).value().test_score, whole.test_score);
  const std::vector<Json> actual = Lines("epoch");
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(actual[i].at("train_loss"), expected[i].at("train_loss"));
    EXPECT_EQ(actual[i].at("test_loss"), expected[i].at("test_loss"));
  }
}

std::vector<std::string> Alone(const std::string& method, std::vector<std::string> more) {
  more.insert(more.begin(), {"quantize.policy=none", "quantize.method=" + method, "train.iterations=40"});
  return more;
}

INSTANTIATE_TEST_SUITE_P(Runs, InterruptedTest,
                         testing::Values(std::vector<std::string>{"train.reestimate_batch_norm=2"},
                                         Alone("slb", {"train.state_batch_norm=two_banks"}),
                                         Alone("slb",
                                               {"quantize.slb.bits=2", "quantize.slb.schedule=factor",
                                                "quantize.slb.factor=3", "quantize.slb.learn_values=true",
                                                "train.state_batch_norm=recalibrate", "train.reestimate_batch_norm=2"}),
                                         Alone("srq", {"quantize.srq.variant=rq_st", "quantize.srq.bits=3"}),
                                         Alone("pq", {"quantize.pq.reassign=2", "quantize.pq.reassign_share=0.2"}),
                                         Alone("srq", {"quantize.srq.dropbits=true", "quantize.srq.bit_price=0.01",
                                                       "quantize.srq.patience=1"})));

// --- Statistics of the quantized weights beside those of the trained ones.

TEST_F(TrainerTest, RecalibratesBeforeEveryTest) {
  ASSERT_TRUE(Train(Job(Alone("slb", {"quantize.slb.from=0.5", "train.state_batch_norm=two_banks"}))).ok());
  const std::vector<float> weight = Values(folder_, "parameter/fc.weight/logits");
  const std::vector<Json> followed = Lines("epoch");
  EXPECT_NE(Values(folder_, "buffer/bn1.mean"), Values(folder_, "buffer/bn1/training_mean"));
  const auto test_losses = [&](const std::vector<std::string>& more) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::vector<std::string> settings = Alone("slb", {"quantize.slb.from=0.5"});
    settings.insert(settings.end(), more.begin(), more.end());
    EXPECT_TRUE(Train(Job(settings)).ok());
    std::vector<double> losses;
    for (const Json& line : Lines("epoch")) losses.push_back(line.at("test_loss"));
    return losses;
  };
  const std::vector<double> plain = test_losses({});
  // Neither changes what is trained.
  EXPECT_EQ(Values(folder_, "parameter/fc.weight/logits"), weight);
  const std::vector<double> recalibrated =
      test_losses({"train.state_batch_norm=recalibrate", "train.reestimate_batch_norm=3"});
  EXPECT_EQ(Values(folder_, "parameter/fc.weight/logits"), weight);
  ASSERT_EQ(recalibrated.size(), followed.size());
  for (size_t i = 0; i + 1 < recalibrated.size(); ++i) EXPECT_NE(recalibrated[i], plain[i]) << i;
}

TEST_F(TrainerTest, SearchedWeightsLearnAndFreeze) {
  const std::vector<std::string> recalibrate = {"train.state_batch_norm=recalibrate", "train.reestimate_batch_norm=3",
                                                "train.iterations=120"};
  for (const std::string bits : {"1", "2", "4"}) {
    std::vector<std::string> settings =
        Alone("slb", {"quantize.slb.bits=" + bits, "quantize.skip=[\"conv1\", \"fc\"]"});
    settings.insert(settings.end(), recalibrate.begin(), recalibrate.end());
    const TrainJob job = Job(settings);
    EXPECT_GT(Train(job).value().test_score, 0.8) << bits;  // Chance is a third.
    const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
    const QTensor& weight = std::get<QTensor>(frozen.parameters.at("conv2.weight").value);
    EXPECT_EQ(weight.values.Bits(), std::stoi(bits));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
}

TEST_F(TrainerTest, LearnedWidthsSurviveFreezing) {
  // A high price drops all that can be dropped; a weak one leaves the wide grid.
  for (const auto& [price, bits] : std::map<std::string, int>{{"10", 2}, {"0.0001", 4}}) {
    const TrainJob job =
        Job(Alone("srq", {"quantize.srq.dropbits=true", "quantize.srq.bit_price=" + price, "quantize.srq.mask_rate=5",
                          "train.schedule.every=1000", "train.iterations=90", "quantize.skip=[\"fc\"]"}));
    EXPECT_GT(Train(job).value().test_score, 0.8) << price;
    const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
    for (const char* layer : {"conv1", "conv2"}) {
      const auto& weight = std::get<QTensor>(frozen.parameters.at(std::string(layer) + ".weight").value);
      EXPECT_EQ(weight.values.Bits(), bits) << layer;
    }
    EXPECT_EQ(Lines("layer").back().count("expected_bits"), 0u);  // fc is float.
    EXPECT_EQ(Lines("layer").front().at("bits"), 4);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
}

}  // namespace
}  // namespace lowbit::train
