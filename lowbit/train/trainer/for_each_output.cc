#include "lowbit/train/trainer/for_each_output.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <stdexcept>

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

void SumOverRanks(Averages* averages, distributed::Group* group) {
  if (group == nullptr) return;
  const torch::Tensor sums =
      torch::tensor({averages->loss_sum, averages->score_sum, static_cast<double>(averages->images)}, torch::kDouble);
  group->Sum(sums);
  averages->loss_sum = sums[0].item<double>();
  averages->score_sum = sums[1].item<double>();
  averages->images = std::llround(sums[2].item<double>());
}

}  // namespace lowbit::train
