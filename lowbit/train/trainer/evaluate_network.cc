#include "lowbit/train/trainer/evaluate_network.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "lowbit/train/loss.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train {

namespace {

void SumOverRanks(Averages* averages, distributed::Group* group) {
  const torch::Tensor sums =
      torch::tensor({averages->loss_sum, static_cast<double>(averages->correct), static_cast<double>(averages->images)},
                    torch::kDouble);
  group->Sum(sums);
  averages->loss_sum = sums[0].item<double>();
  averages->correct = std::llround(sums[1].item<double>());
  averages->images = std::llround(sums[2].item<double>());
}

}  // namespace

void ForEachOutput(Network* network, const data::ImageSet& images, int64_t batch, const OutputCallback& callback,
                   const Turns& turns) {
  const torch::NoGradGuard no_gradients;
  const StepContext context;
  for (int64_t first = turns.first * batch; first < images.count(); first += turns.step * batch) {
    const int64_t count = std::min(batch, images.count() - first);
    callback(first, count, network->Forward(ImageTensor(images, first, count), Mode::kEval, context));
  }
}

Averages EvaluateNetwork(Network* network, const data::ImageSet& images, int64_t batch, distributed::Group* group) {
  Averages result;
  const auto count_right = [&](int64_t first, int64_t count, const torch::Tensor& output) {
    const torch::Tensor labels = LabelTensor(images, first, count).to(output.device());
    result.Add(CrossEntropy(output, labels, 0).item<double>(), output.argmax(1).eq(labels).sum().item<int64_t>(),
               count);
  };
  if (group == nullptr) {
    ForEachOutput(network, images, batch, count_right);
  } else {
    ForEachOutput(network, images, batch, count_right, {group->rank(), group->ranks()});
    SumOverRanks(&result, group);
  }
  return result;
}

}  // namespace lowbit::train
