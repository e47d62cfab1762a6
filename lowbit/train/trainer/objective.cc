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
  return options;
}

}  // namespace

Objective::Objective(const TrainJob& job, const NetworkOptions& options)
    : pictures_(job.dataset.train.pairs != nullptr),
      power_(job.recipe.train.loss == recipe::TrainSection::Loss::kL1 ? 1 : 2),
      label_smoothing_(job.recipe.train.label_smoothing),
      distill_(job.recipe.distill) {
  if (!job.teacher.has_value()) return;
  teacher_ = std::make_unique<Network>(Network::Create(*job.teacher, TeacherOptions(options)));
}

Objective::Objective(Objective&&) noexcept = default;
Objective::~Objective() = default;

at::Tensor Objective::OfAnswers(const at::Tensor& output, const at::Tensor& answers) const {
  return pictures_ ? PictureDifference(output, answers, power_) : CrossEntropy(output, answers, label_smoothing_);
}

at::Tensor Objective::Loss(const at::Tensor& images, const at::Tensor& output, const at::Tensor& answers) {
  if (teacher_ == nullptr) return OfAnswers(output, answers);
  at::Tensor taught;
  {
    const at::NoGradGuard no_gradients;
    taught = teacher_->Forward(images, Mode::kEval, {});
  }
  const at::Tensor of_teacher =
      pictures_ ? PictureDifference(output, taught, power_) : Distillation(output, taught, distill_.temperature);
  if (distill_.weight == 1) return of_teacher;
  return (1 - distill_.weight) * OfAnswers(output, answers) + distill_.weight * of_teacher;
}

}  // namespace lowbit::train
