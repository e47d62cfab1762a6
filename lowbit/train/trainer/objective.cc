#include "lowbit/train/trainer/objective.h"

#include <torch/types.h>
#include <torch/utils.h>

#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"

namespace lowbit::train {
namespace {

NetworkOptions TeacherOptions(const NetworkOptions& student) {
  NetworkOptions options;
  options.device = student.device;
  options.memory_format = student.memory_format;
  if (student.mixed_precision != MixedPrecision::kOff) options.mixed_precision = MixedPrecision::kAlways;
  return options;
}

}  // namespace

Objective::Objective(const TrainJob& job, const NetworkOptions& options)
    : label_smoothing_(job.recipe.train.label_smoothing), distill_(job.recipe.distill) {
  if (!job.teacher.has_value()) return;
  teacher_ = std::make_unique<Network>(Network::Create(*job.teacher, TeacherOptions(options)));
}

Objective::Objective(Objective&&) noexcept = default;
Objective::~Objective() = default;

at::Tensor Objective::Loss(const at::Tensor& images, const at::Tensor& logits, const at::Tensor& labels) {
  at::Tensor of_labels = CrossEntropy(logits, labels, label_smoothing_);
  if (teacher_ == nullptr) return of_labels;
  at::Tensor taught;
  {
    const at::NoGradGuard no_gradients;
    taught = teacher_->Forward(images, Mode::kEval, {});
  }
  return (1 - distill_.weight) * of_labels + distill_.weight * Distillation(logits, taught, distill_.temperature);
}

}  // namespace lowbit::train
