#ifndef LOWBIT_TRAIN_TRAINER_OBJECTIVE_H_
#define LOWBIT_TRAIN_TRAINER_OBJECTIVE_H_

#include <memory>

#include "lowbit/train/torch_fwd.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::train {

class Network;
class Task;
struct NetworkOptions;

// What a training step minimizes, apart from the methods' regularizers: the task's loss, and with a teacher
//   (1 - w) * Loss + w * LossToTeacher of the task,   w = distill.weight of the recipe.
class Objective {
 public:
  // `options`: of the network that is trained; the teacher gets its device and memory format, and computes in float32 whatever the
  // student does: its answers are what is learned. The task outlives it. Throws as Network::Create.
  Objective(const TrainJob& job, const Task& task, const NetworkOptions& options);
  Objective(Objective&&) noexcept;
  ~Objective();

  // For one batch as the network got it, its output and what that should be (AnswerView), both on one device: a differentiable
  // scalar, the mean over the batch. The teacher sees the same images, in evaluation mode and without gradients.
  // With w = 1 answers do nothing.
  at::Tensor Loss(const at::Tensor& images, const at::Tensor& output, const at::Tensor& answers);

  // Null: there is none.
  Network* teacher() { return teacher_.get(); }

 private:
  const Task* task_;
  double weight_;
  std::unique_ptr<Network> teacher_;  // Null: there is none.
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_OBJECTIVE_H_
