#include "lowbit/train/loss.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <vector>

namespace lowbit::train {
namespace {

constexpr int64_t kBatch = 3, kClasses = 4;

std::vector<double> Softmax(const double* logits, double temperature) {
  std::vector<double> result(kClasses);
  double sum = 0;
  for (int64_t k = 0; k < kClasses; ++k) sum += result[k] = std::exp(logits[k] / temperature);
  for (double& value : result) value /= sum;
  return result;
}

struct Golden {
  double loss = 0;
  std::vector<double> gradient;
};

Golden Reference(const double* student, const double* teacher, double temperature) {
  Golden golden;
  for (int64_t i = 0; i < kBatch; ++i) {
    const std::vector<double> p = Softmax(teacher + i * kClasses, temperature);
    const std::vector<double> q = Softmax(student + i * kClasses, temperature);
    for (int64_t k = 0; k < kClasses; ++k) {
      golden.loss += temperature * temperature / kBatch * p[k] * (std::log(p[k]) - std::log(q[k]));
      golden.gradient.push_back(temperature * (q[k] - p[k]) / kBatch);
    }
  }
  return golden;
}

TEST(Distillation, IsItsFormulaAndSoIsItsGradient) {
  torch::manual_seed(1);
  const at::Tensor teacher = at::randn({kBatch, kClasses}, at::kDouble) * 5;
  for (const double temperature : {1.0, 4.0}) {
    const at::Tensor student = (at::randn({kBatch, kClasses}, at::kDouble) * 5).requires_grad_();
    const at::Tensor loss = Distillation(student, teacher, temperature);
    loss.backward();
    const Golden golden = Reference(student.data_ptr<double>(), teacher.data_ptr<double>(), temperature);
    // Sums of 12 doubles of size 10.
    EXPECT_NEAR(loss.item<double>(), golden.loss, 1e-12);
    const at::Tensor gradient = student.grad().flatten();
    for (int64_t i = 0; i < kBatch * kClasses; ++i) {
      EXPECT_NEAR(gradient[i].item<double>(), golden.gradient[static_cast<size_t>(i)], 1e-12) << i;
    }
  }
}

TEST(Distillation, IsZeroForTheTeacherItselfAndFiniteForCertainties) {
  const at::Tensor logits = at::tensor({1000.0f, 0.0f, -1000.0f, 3.0f}).view({1, 4});
  EXPECT_EQ(Distillation(logits, logits, 2).item<double>(), 0);
  EXPECT_TRUE(std::isfinite(Distillation(logits.flip(1), logits, 1).item<double>()));
}

}  // namespace
}  // namespace lowbit::train
