#include "lowbit/train/loss.h"

#include <torch/types.h>

namespace lowbit::train {

at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing) {
  return at::cross_entropy_loss(logits, labels, /*weight=*/{}, at::Reduction::Mean, /*ignore_index=*/-100, smoothing);
}

at::Tensor PictureDifference(const at::Tensor& made, const at::Tensor& wanted, int power) {
  const at::Tensor difference = (made - wanted) / 255;
  return (power == 1 ? difference.abs() : difference.square()).mean();
}

at::Tensor Distillation(const at::Tensor& student, const at::Tensor& teacher, double temperature) {
  const at::Tensor log_q = at::log_softmax(student / temperature, 1), log_p = at::log_softmax(teacher / temperature, 1);
  const double factor = temperature * temperature / static_cast<double>(student.size(0));
  return at::kl_div(log_q, log_p, at::Reduction::Sum, /*log_target=*/true) * factor;
}

}  // namespace lowbit::train
