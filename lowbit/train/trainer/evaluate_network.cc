#include "lowbit/train/trainer/evaluate_network.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <stdexcept>

#include "lowbit/train/loss.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train {

namespace {

data::BatchOptions TestBatches(const data::ImageSet& images, int64_t batch, const distributed::Group* group) {
  data::BatchOptions options;
  options.batch_size = batch;
  options.shuffle = false;
  options.threads = data::LoaderThreads(images, torch::get_num_threads());
  options.prefetch = options.threads + 1;
  if (group != nullptr) {
    options.turn = group->rank();
    options.turns = group->ranks();
  }
  return options;
}

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
                   const distributed::Group* group) {
  const torch::NoGradGuard no_gradients;
  const StepContext context;
  data::Batcher batcher(images, TestBatches(images, batch, group));
  batcher.StartEpoch(0);
  data::Batch read;
  while (batcher.Next(&read)) {
    if (!read.status.ok()) throw std::runtime_error(read.status.error().message);
    callback(&read, network->Forward(ImageView(&read, images.image), Mode::kEval, context));
  }
}

Averages EvaluateNetwork(Network* network, const data::ImageSet& images, int64_t batch, distributed::Group* group) {
  Averages result;
  const auto count_right = [&](data::Batch* read, const torch::Tensor& output) {
    const torch::Tensor labels = LabelView(read).to(output.device());
    result.Add(CrossEntropy(output, labels, 0).item<double>(), output.argmax(1).eq(labels).sum().item<int64_t>(),
               read->count);
  };
  ForEachOutput(network, images, batch, count_right, group);
  if (group != nullptr) SumOverRanks(&result, group);
  return result;
}

}  // namespace lowbit::train
