#include "lowbit/train/loss.h"

#include <torch/torch.h>

namespace lowbit::train {

at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing) {
  return at::cross_entropy_loss(logits, labels, /*weight=*/{}, at::Reduction::Mean, /*ignore_index=*/-100, smoothing);
}

}  // namespace lowbit::train
