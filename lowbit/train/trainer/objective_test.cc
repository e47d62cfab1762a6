#include "lowbit/train/trainer/objective.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <memory>

#include "lowbit/models/model.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/task.h"

namespace lowbit::train {
namespace {

Graph MakeGraph(std::vector<float> mean, uint64_t seed) {
  models::ModelInput input;
  input.image = {1, 8, 8};
  input.classes = 3;
  input.mean = std::move(mean);
  input.scale = {0.02f};
  return models::BuildModel("small", input, {}, seed).value();
}

std::unique_ptr<Task> ClassificationOf(TrainJob* job) {
  job->dataset.classes = 3;
  return CreateTask(job->recipe, job->dataset).value();
}

TEST(Objective, WeighsLabelsAgainstATeacherWithItsOwnNormalization) {
  TrainJob job;
  job.recipe.train.label_smoothing = 0.1;
  job.recipe.distill.weight = 0.75;
  job.recipe.distill.temperature = 3;
  job.teacher = MakeGraph({30}, 2);
  const std::unique_ptr<Task> task = ClassificationOf(&job);
  Objective objective(job, *task, {});
  Network teacher = Network::Create(*job.teacher, {});
  torch::manual_seed(1);
  const at::Tensor images = at::rand({4, 1, 8, 8}) * 255, labels = at::tensor({0, 1, 2, 0}, at::kLong);
  const at::Tensor logits = at::randn({4, 3}).requires_grad_();
  const at::Tensor loss = objective.Loss(images, logits, labels);
  const at::Tensor taught = teacher.Forward(images, Mode::kEval, {}).detach();
  const at::Tensor expected = 0.25 * CrossEntropy(logits, labels, 0.1) + 0.75 * Distillation(logits, taught, 3);
  EXPECT_TRUE(loss.equal(expected));
  // The same again: the teacher keeps its batch-norm statistics. It gets no gradients.
  EXPECT_TRUE(objective.Loss(images, logits, labels).equal(expected));
  EXPECT_GT(Distillation(logits, taught, 3).item<double>(), 0);
  loss.backward();
  EXPECT_TRUE(logits.grad().defined());
}

// The student's rounding to bfloat16 would be the teacher's noise.
TEST(Objective, TheTeacherComputesInFloat32WhateverTheStudentDoes) {
  TrainJob job;
  job.recipe.distill.weight = 1;
  job.recipe.distill.temperature = 1;
  job.teacher = MakeGraph({30}, 2);
  const std::unique_ptr<Task> task = ClassificationOf(&job);
  NetworkOptions mixed;
  mixed.mixed_precision = MixedPrecision::kTraining;
  torch::manual_seed(1);
  const at::Tensor images = at::rand({4, 1, 8, 8}) * 255, labels = at::tensor({0, 1, 2, 0}, at::kLong);
  const at::Tensor logits = at::randn({4, 3});
  Objective of_mixed(job, *task, mixed), of_float(job, *task, {});
  EXPECT_TRUE(of_mixed.Loss(images, logits, labels).equal(of_float.Loss(images, logits, labels)));
}

TEST(Objective, IsCrossEntropyWithoutATeacher) {
  TrainJob job;
  const std::unique_ptr<Task> task = ClassificationOf(&job);
  Objective objective(job, *task, {});
  const at::Tensor logits = at::arange(6).to(at::kFloat).view({2, 3}), labels = at::tensor({0, 1}, at::kLong);
  EXPECT_TRUE(objective.Loss({}, logits, labels).equal(CrossEntropy(logits, labels, 0)));
}

}  // namespace
}  // namespace lowbit::train
