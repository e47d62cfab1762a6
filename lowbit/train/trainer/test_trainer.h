#ifndef LOWBIT_TRAIN_TRAINER_TEST_TRAINER_H_
#define LOWBIT_TRAIN_TRAINER_TEST_TRAINER_H_

// Whole runs on a small made data set, for tests.

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/format/safetensors/safetensors.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/trainer/checkpoint.h"
#include "lowbit/train/trainer/test_metrics.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::train {

using Json = nlohmann::json;

// Three classes of noisy 8x8 images, each brighter in another third of its rows.
inline data::ImageSet MakeImages(int64_t count, uint32_t stream) {
  const CounterRandom random(5, stream);
  data::ImageSet set;
  set.image = {1, 8, 8};
  for (int64_t i = 0; i < count; ++i) {
    const int32_t label = static_cast<int32_t>(i % 3);
    set.labels.push_back(label);
    for (int64_t y = 0; y < 8; ++y) {
      for (int64_t x = 0; x < 8; ++x) {
        const uint64_t noise = random.Below(static_cast<uint64_t>((i * 8 + y) * 8 + x), 100);
        set.pixels.push_back(static_cast<uint8_t>(noise + (y * 3 / 8 == label ? 120 : 0)));
      }
    }
  }
  return set;
}

// Four short stages of stochastic quantization.
inline constexpr char kStaged[] = R"(
name = "test"
[data]
name = "made"
[model]
name = "small"
channels = [4, 8]
[train]
iterations = 10
batch = 20
log_every = 1
checkpoint_every = 4
learning_rate = 0.1
[train.schedule]
kind = "step"
every = 5
gamma = 0.5
[quantize]
method = "twn"
policy = "sq"
[quantize.sq]
stages = [0.5, 0.75, 0.875, 1.0]
)";

// Jobs in a folder of their own, which is removed again.
class TrainerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "lowbit_trainer_test").string() +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  TrainJob Job(const std::vector<std::string>& overrides = {}) {
    Config config = recipe::ParseRecipeText(kStaged, "test").value();
    for (const std::string& text : overrides) EXPECT_TRUE(recipe::ApplyOverride(&config, text).ok());
    TrainJob job;
    job.recipe = recipe::ReadRecipe(config).value();
    job.dataset.name = "made";
    job.dataset.classes = 3;
    job.dataset.train = MakeImages(60, 1);
    job.dataset.test = MakeImages(30, 2);
    models::ModelInput input;
    input.image = {1, 8, 8};
    input.classes = 3;
    input.mean = {90};
    input.scale = {0.02f};
    job.graph = models::BuildModel("small", input, job.recipe.model.options, 1).value();
    job.folder = folder_;
    job.quiet = true;
    return job;
  }

  std::vector<Json> Lines(const std::string& kind) const { return MetricLines(folder_, kind); }

  std::string folder_;
};

// A tensor of the run's checkpoint.
inline std::vector<float> Values(const std::string& folder, const std::string& tensor) {
  const safetensors::File file = safetensors::Read(CheckpointPath(folder), safetensors::Checksum::kRequired).value();
  const std::vector<uint8_t>& bytes = file.tensors.at(tensor).bytes;
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_TEST_TRAINER_H_
