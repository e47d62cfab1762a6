#include "lowbit/train/trainer/evaluate_network.h"

#include <torch/torch.h>

#include <algorithm>

#include "lowbit/train/loss.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train {

void ForEachOutput(Network* network, const data::ImageSet& images, int64_t batch, const OutputCallback& callback) {
  const torch::NoGradGuard no_gradients;
  const StepContext context;
  for (int64_t first = 0; first < images.count(); first += batch) {
    const int64_t count = std::min(batch, images.count() - first);
    callback(first, count, network->Forward(ImageTensor(images, first, count), Mode::kEval, context));
  }
}

Averages EvaluateNetwork(Network* network, const data::ImageSet& images, int64_t batch) {
  Averages result;
  ForEachOutput(network, images, batch, [&](int64_t first, int64_t count, const torch::Tensor& output) {
    const torch::Tensor labels = LabelTensor(images, first, count).to(output.device());
    result.Add(CrossEntropy(output, labels, 0).item<double>(), output.argmax(1).eq(labels).sum().item<int64_t>(),
               count);
  });
  return result;
}

}  // namespace lowbit::train
