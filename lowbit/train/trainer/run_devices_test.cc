// Runs on every device that is there.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "lowbit/train/test_devices.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/test_trainer.h"

namespace lowbit::train {
namespace {

class DevicesTrainTest : public TrainerTest {
 protected:
  std::vector<float> Logits(const TrainJob& job, const std::string& device) {
    std::vector<float> all;
    const Status status = ForEachLogits(
        {job.recipe, job.graph, job.folder}, job.dataset.test, device, 1,
        [&](int64_t, int64_t, Span<const float> batch) { all.insert(all.end(), batch.begin(), batch.end()); });
    EXPECT_TRUE(status.ok()) << status.error().message;
    return all;
  }
};

TEST_F(DevicesTrainTest, LearnAndAreTestedOnEachOther) {
  for (const std::string& device : Devices()) {
    std::filesystem::remove(CheckpointPath(folder_));
    TrainJob job = Job();
    job.device = device;
    EXPECT_GT(Train(job).value().test_score, 0.9) << device;  // Chance is a third.
    const std::vector<float> wanted = Logits(job, "cpu");
    for (const std::string& other : Devices()) {
      const std::vector<float> got = Logits(job, other);
      ASSERT_EQ(got.size(), wanted.size());
      for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-3) << device << ", then " << other;
    }
  }
}

// Integers are the same ones everywhere.
TEST_F(DevicesTrainTest, GiveTheSameIntegers) {
  for (const std::string& device : Devices()) {
    std::filesystem::remove(CheckpointPath(folder_));
    TrainJob job = Job({"quantize.activations.bits=4", "quantize.sq.stages=[1.0]", "train.iterations=60"});
    job.device = device;
    EXPECT_GT(Train(job).value().test_score, 0.8) << device;
    const std::vector<float> wanted = Logits(job, "cpu");
    for (const std::string& other : Devices()) EXPECT_EQ(Logits(job, other), wanted) << device << ", then " << other;
  }
}

TEST_F(DevicesTrainTest, LearnInMixedPrecision) {
  for (const std::string& device : Devices()) {
    std::filesystem::remove(CheckpointPath(folder_));
    TrainJob job = Job({"train.amp=true"});
    job.device = device;
    EXPECT_GT(Train(job).value().test_score, 0.9) << device;
  }
}

// The same images and the same schedule: the losses differ by rounding.
TEST_F(DevicesTrainTest, GoOnWhereAnotherStopped) {
  const auto run = [this](const std::string& device, int iterations, bool resume) {
    TrainJob job = Job({"quantize.policy=none", "train.iterations=" + std::to_string(iterations)});
    job.device = device;
    job.resume = resume;
    EXPECT_TRUE(Train(job).ok());
  };
  const auto losses = [this] {
    std::vector<double> all;
    for (const Json& line : Lines("step")) all.push_back(line.at("loss"));
    return all;
  };
  run("cpu", 20, false);
  const std::vector<double> wanted = losses();
  for (const std::string& device : Devices()) {
    for (const std::string& other : Devices()) {
      run(device, 10, false);
      run(other, 20, true);
      const std::vector<double> got = losses();
      ASSERT_EQ(got.size(), wanted.size());
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_NEAR(got[i], wanted[i], 1e-3) << device << ", then " << other << ", step " << i;
      }
    }
  }
}

}  // namespace
}  // namespace lowbit::train
