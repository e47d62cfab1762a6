#include "lowbit/train/trainer/objective.h"

#include <torch/types.h>
#include <torch/utils.h>

#include "lowbit/train/network.h"
#include "lowbit/train/task.h"

namespace lowbit::train {
namespace {

NetworkOptions TeacherOptions(const NetworkOptions& student) {
  NetworkOptions options;
  options.device = student.device;
  options.memory_format = student.memory_format;
  return options;
}

}  // namespace

Objective::Objective(const TrainJob& job, const Task& task, const NetworkOptions& options)
    : task_(&task), weight_(job.recipe.distill.weight) {
  if (!job.teacher.has_value()) return;
  teacher_ = std::make_unique<Network>(Network::Create(*job.teacher, TeacherOptions(options)));
}

Objective::Objective(Objective&&) noexcept = default;
Objective::~Objective() = default;

at::Tensor Objective::Loss(const at::Tensor& images, const at::Tensor& output, const at::Tensor& answers) {
  if (teacher_ == nullptr) return task_->Loss(output, answers);
  at::Tensor taught;
  {
    const at::NoGradGuard no_gradients;
    taught = teacher_->Forward(images, Mode::kEval, {});
  }
  const at::Tensor of_teacher = task_->LossToTeacher(output, taught);
  if (weight_ == 1) return of_teacher;
  return (1 - weight_) * task_->Loss(output, answers) + weight_ * of_teacher;
}

}  // namespace lowbit::train
