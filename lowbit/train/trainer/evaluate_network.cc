#include "lowbit/train/trainer/evaluate_network.h"

#include <torch/torch.h>

#include <stdexcept>

#include "lowbit/train/loss.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train {

void ForEachOutput(Network* network, const data::ImageSet& images, int64_t batch, const OutputCallback& callback) {
  const torch::NoGradGuard no_gradients;
  const StepContext context;
  data::BatchOptions options;
  options.batch_size = batch;
  options.shuffle = false;
  options.threads = data::LoaderThreads(images);
  options.prefetch = options.threads + 1;
  data::Batcher batcher(images, options);
  batcher.StartEpoch(0);
  data::Batch read;
  while (batcher.Next(&read)) {
    if (!read.status.ok()) throw std::runtime_error(read.status.error().message);
    callback(&read, network->Forward(ImageView(&read, images.image), Mode::kEval, context));
  }
}

Averages EvaluateNetwork(Network* network, const data::ImageSet& images, int64_t batch) {
  Averages result;
  ForEachOutput(network, images, batch, [&](data::Batch* read, const torch::Tensor& output) {
    const torch::Tensor labels = LabelView(read).to(output.device());
    result.Add(CrossEntropy(output, labels, 0).item<double>(), output.argmax(1).eq(labels).sum().item<int64_t>(),
               read->count);
  });
  return result;
}

}  // namespace lowbit::train
