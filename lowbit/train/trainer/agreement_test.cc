// Training without labels: images and a teacher.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "lowbit/train/network.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/test_trainer.h"

namespace lowbit::train {
namespace {

class AgreementTest : public TrainerTest {
 protected:
  static std::vector<std::string> Settings() {
    return {"train.iterations=60", "quantize.sq.stages=[1.0]", "distill.teacher=t", "distill.weight=1"};
  }

  // The images of Job without their labels, and a teacher: the network at its start with the classes of its last layer spread out.
  TrainJob Unlabelled(const std::vector<std::string>& overrides) {
    TrainJob job = Job(overrides);
    job.dataset.classes = 0;
    for (data::ImageSet* set : {&job.dataset.train, &job.dataset.test}) {
      std::fill(set->labels.begin(), set->labels.end(), 0);
    }
    job.teacher = job.graph;
    for (float& weight : std::get<FloatTensor>(job.teacher->parameters.at("fc.weight").value).data) weight *= -3;
    return job;
  }
};

// log softmax of a row, in double.
std::vector<double> LogSoftmax(const float* logits, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += std::exp(static_cast<double>(logits[i]));
  std::vector<double> result;
  for (size_t i = 0; i < count; ++i) result.push_back(logits[i] - std::log(sum));
  return result;
}

size_t Best(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

// What is told of a run is what its checkpoint computes, beside the teacher.
TEST_F(AgreementTest, TellsDivergenceAndAgreementInPlaceOfAccuracy) {
  const TrainJob job = Unlabelled(Settings());
  ASSERT_TRUE(CheckJob(job).ok()) << CheckJob(job).error().message;
  const TrainOutcome outcome = Train(job).value();
  EXPECT_STREQ(outcome.measure->word, "agreement");

  const torch::NoGradGuard no_gradients;
  const data::ImageSet& images = job.dataset.test;
  const torch::Tensor pixels = torch::tensor(images.pixels, torch::kByte).to(torch::kFloat).view({30, 1, 8, 8});
  const torch::Tensor taught = Network::Create(*job.teacher, {}).Forward(pixels, Mode::kEval, {}).contiguous();
  double same = 0, divergence = 0;
  const Status read = ForEachLogits({job.recipe, job.graph, job.folder}, images, "cpu", 1,
                                    [&](int64_t first, int64_t count, Span<const float> logits) {
                                      for (int64_t i = 0; i < count; ++i) {
                                        const std::vector<double> q = LogSoftmax(logits.data() + 3 * i, 3);
                                        const std::vector<double> p =
                                            LogSoftmax(taught.data_ptr<float>() + 3 * (first + i), 3);
                                        same += Best(p) == Best(q) ? 1 : 0;
                                        for (size_t k = 0; k < 3; ++k) divergence += std::exp(p[k]) * (p[k] - q[k]);
                                      }
                                    });
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(outcome.test_score, same / 30);
  EXPECT_NEAR(outcome.test_loss, divergence / 30, 1e-5);  // Sums of 90 floats of at most a few nats.

  const Json final = Lines("final").at(0), epoch = Lines("epoch").back();
  EXPECT_EQ(final.at("test_agreement"), outcome.test_score);
  EXPECT_EQ(final.at("test_loss"), outcome.test_loss);
  EXPECT_GE(final.at("best_test_agreement"), outcome.test_score);
  EXPECT_EQ(epoch.at("test_agreement"), outcome.test_score);
  for (const char* key : {"test_accuracy", "train_accuracy"}) EXPECT_FALSE(epoch.contains(key) || final.contains(key));
  EXPECT_FALSE(Lines("step").back().contains("accuracy"));
}

TEST_F(AgreementTest, LearnsToAgree) {
  const TrainJob job = Unlabelled(Settings());
  const TrainOutcome outcome = Train(job).value();
  EXPECT_GT(outcome.test_score, 0.8);  // The teacher, turned round, and its student begin far apart.
  EXPECT_LT(outcome.test_loss, Lines("epoch").front().at("test_loss").get<double>());
}

// One sentence that names both keys.
TEST_F(AgreementTest, NeedsATeacherAlone) {
  const std::string expected =
      "data.name: 'made' has no labels to learn from; it needs a teacher, 'distill.teacher', and 'distill.weight' = 1, "
      "which takes the labels out of the loss";
  EXPECT_EQ(CheckJob(Unlabelled({})).error().message, expected);
  EXPECT_EQ(CheckJob(Unlabelled({"distill.teacher=t", "distill.weight=0.9"})).error().message, expected);
  EXPECT_EQ(
      CheckJob(Unlabelled({"distill.teacher=t", "distill.weight=1", "train.label_smoothing=0.1"})).error().message,
      "'train.label_smoothing' must be 0 for the data set made, which has no labels");
}

}  // namespace
}  // namespace lowbit::train
