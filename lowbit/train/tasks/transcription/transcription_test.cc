// Runs that learn to write down made sounds.

#include "lowbit/data/text/transcription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_wav.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/task.h"
#include "lowbit/train/trainer/recipe_options.h"
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
name = "transcribed-speech"
normalize = "channel"
[model]
name = "speech_rnn"
hidden = 16
stack = 4
output = "frames"
[train]
iterations = 150
batch = 4
test_batch = 2
log_every = 1
optimizer = "adam"
learning_rate = 0.02
clip_gradients = 5
)";

// A: 500 Hz, B: 2000 Hz, each of 100 ms; silence between them, longer between words.
data::Bytes Sing(const std::string& text) {
  std::vector<int16_t> sound(400, 0);
  for (const char letter : text) {
    const double hertz = letter == 'A' ? 500 : letter == 'B' ? 2000 : 0;
    for (int i = 0; i < 800; ++i) {
      sound.push_back(static_cast<int16_t>(8000 * std::sin(2 * 3.141592653589793 * hertz * i / 8000)));
    }
    sound.insert(sound.end(), 400, 0);
  }
  return data::WavFile(sound, 8000);
}

class TranscriptionTaskTest : public testing::Test {
 protected:
  TranscriptionTaskTest() : folder_("lowbit_transcription_task_test_") {
    WriteHalf("train", {"A", "B", "AB", "BA", "A B", "B A", "AA", "BB", "ABA", "BAB", "AB A", "B BA"});
    WriteHalf("test", {"AAB", "BA B", "BBA"});
  }

  void WriteHalf(const std::string& half, const Words& texts) const {
    std::string ids, lines;
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string name = half + std::to_string(i);
      ids += name + "\n";
      lines += texts[i] + " (" + name + ")\n";
      folder_.Write("set/wav/" + name + ".wav", Sing(texts[i]));
    }
    folder_.Write("set/etc/" + half + ".fileids", data::Bytes(ids.begin(), ids.end()));
    folder_.Write("set/etc/" + half + ".transcription", data::Bytes(lines.begin(), lines.end()));
  }

  TrainJob Job(const Words& overrides) const {
    Config config = recipe::ParseRecipeText(kRecipe, "transcription").value();
    for (const std::string& text : overrides) EXPECT_TRUE(recipe::ApplyOverride(&config, text).ok());
    TrainJob job;
    job.recipe = recipe::ReadRecipe(config).value();
    job.dataset = data::LoadDataset("transcribed-speech", folder_.File("set")).value();
    models::ModelInput input;
    input.image = job.dataset.train.image;
    input.classes = job.dataset.classes;
    input.mean = {60};
    input.scale = {0.02f};
    job.graph = models::BuildModel(job.recipe.model.name, input, job.recipe.model.options, 1).value();
    job.folder = folder_.File("run");
    std::filesystem::remove_all(job.folder);
    std::filesystem::create_directories(job.folder);
    job.quiet = true;
    return job;
  }

  Json Last(const std::string& kind) const { return MetricLines(folder_.File("run"), kind).back(); }

  // 1 less the character error rate of what the packed network makes of the test recordings, by the plain evaluation.
  static double PlainScore(const TrainJob& job) {
    const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
    const data::ImageSet& test = job.dataset.test;
    std::vector<float> image(static_cast<size_t>(Elements(test.image))), answer(static_cast<size_t>(test.answer[0]));
    data::TranscriptionErrors errors;
    for (int64_t i = 0; i < test.count(); ++i) {
      test.pairs->Make(i, 0, 0, {}, image, answer);
      DoubleTensor pixels({1, 1, test.image[1], test.image[2]}, {image.begin(), image.end()});
      const DoubleTensor logits = Evaluate(frozen, {{"image", pixels}}).value().at("logits");
      const auto values = static_cast<size_t>(std::ceil(answer[0] / 4)) * static_cast<size_t>(job.dataset.classes);
      const std::vector<float> spoken(logits.data.begin(), logits.data.begin() + static_cast<std::ptrdiff_t>(values));
      errors.Add(data::ReadTarget({answer.data() + 1, answer.size() - 1}),
                 data::DecodeBestPath(spoken, job.dataset.classes), job.dataset.class_names);
    }
    return 1 - errors.characters.rate();
  }

  data::TemporaryFolder folder_;
};

TEST_F(TranscriptionTaskTest, LearnsAndTellsTheScoreOfWhatItPacks) {
  for (const std::string method : {"none", "twn"}) {
    const TrainJob job = Job({"quantize.method=" + method, "quantize.skip=[\"fc\"]"});
    ASSERT_TRUE(CheckJob(job).ok()) << CheckJob(job).error().message;
    const TrainOutcome outcome = Train(job).value();
    EXPECT_STREQ(outcome.measure->word, "character_accuracy");
    EXPECT_GT(outcome.test_score, 0.8) << method;
    EXPECT_EQ(Last("final").at("test_character_accuracy"), outcome.test_score);
    EXPECT_LT(Last("step").at("loss"), 0.3) << method;
    // A step with two equal logits may fall to either side; of 11 characters there is none between.
    EXPECT_EQ(PlainScore(job), outcome.test_score) << method;
  }
}

TEST_F(TranscriptionTaskTest, EveryMethodAndATeacherWork) {
  for (const std::string& method : Words{"bwn", "lsq", "esb", "slb", "srq", "inq", "dorefa", "pq"}) {
    Words settings = {"quantize.method=" + method, "quantize.skip=[\"fc\"]", "train.iterations=4"};
    if (method == "slb") settings.push_back("quantize.slb.scale=channel");
    const auto outcome = Train(Job(settings));
    ASSERT_TRUE(outcome.ok()) << method << ": " << outcome.error().message;
  }
  TrainJob job = Job({"distill.teacher=t", "distill.weight=1", "train.iterations=4"});
  job.teacher = job.graph;
  ASSERT_TRUE(CheckJob(job).ok()) << CheckJob(job).error().message;
  EXPECT_TRUE(Train(job).ok());
}

// An untrained network may write more than was said: never less than nothing is right.
TEST_F(TranscriptionTaskTest, ScoresAreNotBelowNothing) {
  TrainJob job = Job({"train.iterations=1", "train.learning_rate=1e-9"});
  for (auto& [name, parameter] : job.graph.parameters) {
    if (name != "fc.bias") continue;
    std::get<FloatTensor>(parameter.value).data = {-100, 0, 0, 0};
  }
  const TrainOutcome outcome = Train(job).value();
  EXPECT_GE(outcome.test_score, 0);
}

// All paths of 3 steps that write the text, by their definition.
double SlowLoss(const std::vector<std::vector<double>>& logits, const data::Letters& text) {
  const size_t classes = logits[0].size();
  double sum = 0;
  const auto paths = static_cast<size_t>(std::pow(classes, logits.size()));
  for (size_t path = 0; path < paths; ++path) {
    std::vector<float> chosen(logits.size() * classes, 0.0f);
    double share = 1;
    size_t rest = path;
    for (size_t step = 0; step < logits.size(); ++step, rest /= classes) {
      double all = 0;
      for (const double logit : logits[step]) all += std::exp(logit);
      share *= std::exp(logits[step][rest % classes]) / all;
      chosen[step * classes + rest % classes] = 1;
    }
    if (data::DecodeBestPath(chosen, static_cast<int64_t>(classes)) == text) sum += share;
  }
  return -std::log(sum) / static_cast<double>(text.size());
}

TEST_F(TranscriptionTaskTest, LossIsOfTheStepsThatSeeTheRecording) {
  const TrainJob job = Job({});
  const auto task = CreateTask(job.recipe, job.dataset).value();
  const int64_t frames = job.dataset.train.image[1];
  ASSERT_EQ(frames, 64);  // 16 steps of 4 rows.
  torch::manual_seed(3);
  at::Tensor logits = at::randn({2, 16, 3}, at::kDouble);
  // 9 and 12 rows: 3 steps each.
  const at::Tensor answers = torch::tensor({{9.0f, 1.0f, 2.0f, -1.0f}, {12.0f, 2.0f, -1.0f, -1.0f}});
  const double loss = task->Loss(logits, answers).item<double>();
  double expected = 0;
  for (int64_t i = 0; i < 2; ++i) {
    std::vector<std::vector<double>> steps;
    for (int64_t step = 0; step < 3; ++step) {
      const double* row = logits.data_ptr<double>() + (i * 16 + step) * 3;
      steps.emplace_back(row, row + 3);
    }
    expected += SlowLoss(steps, i == 0 ? data::Letters{1, 2} : data::Letters{2}) / 2;
  }
  EXPECT_NEAR(loss, expected, 1e-5);  // A few sums of floats around 1.
  // What is made of the silence behind does not count.
  logits.narrow(1, 3, 13).fill_(100).select(2, 1).fill_(-100);
  EXPECT_EQ(task->Loss(logits, answers).item<double>(), loss);
  logits.select(1, 2).add_(torch::tensor({0.0, 1.0, 2.0}));
  EXPECT_NE(task->Loss(logits, answers).item<double>(), loss);
}

// Test B12 of "quantization as a regularizer": half of the weights frozen, by INQ, the rest learns.
TEST_F(TranscriptionTaskTest, LossFallsWithHalfOfTheWeightsFrozen) {
  const TrainJob job = Job({"quantize.method=inq"});
  const auto task = CreateTask(job.recipe, job.dataset).value();
  Network network = Network::Create(job.graph, ReadNetworkOptions(job.recipe, "cpu").value());
  std::vector<float> images(8 * 64 * 40), answers(8 * static_cast<size_t>(job.dataset.train.answer[0]));
  for (size_t i = 0; i < 8; ++i) {
    job.dataset.train.pairs->Make(static_cast<int64_t>(i), 0, 0, {}, {images.data() + i * 64 * 40, 64 * 40},
                                  {answers.data() + i * answers.size() / 8, answers.size() / 8});
  }
  const at::Tensor in = torch::from_blob(images.data(), {8, 1, 64, 40});
  const at::Tensor wanted = torch::from_blob(answers.data(), {8, job.dataset.train.answer[0]});
  const auto optimizer = Optimizer::Create({}, network.Parameters());
  std::vector<double> losses;
  for (int step = 0; step < 60; ++step) {
    const at::Tensor loss = task->Loss(network.Forward(in, Mode::kTrain, {}), wanted);
    optimizer->ZeroGradients();
    loss.backward();
    optimizer->Step(0.05);
    losses.push_back(loss.item<double>());
  }
  EXPECT_LT(losses.back(), 0.5 * losses.front());
  for (const auto& [name, buffer] : network.Buffers()) {
    if (name.find("/inq_frozen") == std::string::npos) continue;
    EXPECT_EQ(buffer.sum().item<int64_t>(), (buffer.numel() + 1) / 2) << name;
  }
}

TEST_F(TranscriptionTaskTest, WhatDoesNotFitIsSaidInASentence) {
  const auto error = [&](const TrainJob& job) {
    const Status status = CheckJob(job);
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_THAT(error(Job({"train.loss=l2"})), HasSubstr("'train.loss' must be left out"));
  EXPECT_THAT(error(Job({"train.label_smoothing=0.1"})), HasSubstr("'train.label_smoothing' must be 0"));
  EXPECT_THAT(error(Job({"model.output=utterance"})), HasSubstr("the network makes [1, 4] of [1, 1, 64, 40]"));
  EXPECT_THAT(error(Job({"model.stack=32"})),
              HasSubstr("makes 2 steps of training recording 5, whose text, 'A B', needs 3; fewer rows in a step"));
}

}  // namespace
}  // namespace lowbit::train
