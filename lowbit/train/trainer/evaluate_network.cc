#include "lowbit/train/trainer/evaluate_network.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "lowbit/core/image_size.h"
#include "lowbit/train/integer_network.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/trainer/image_tensor.h"
#include "lowbit/train/trainer/measure.h"

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
      torch::tensor({averages->loss_sum, averages->score_sum, static_cast<double>(averages->images)}, torch::kDouble);
  group->Sum(sums);
  averages->loss_sum = sums[0].item<double>();
  averages->score_sum = sums[1].item<double>();
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
    const auto right = static_cast<double>(output.argmax(1).eq(labels).sum().item<int64_t>());
    result.Add(CrossEntropy(output, labels, 0).item<double>(), right, read->count);
  };
  ForEachOutput(network, images, batch, count_right, group);
  if (group != nullptr) SumOverRanks(&result, group);
  return result;
}

Averages EvaluateAgreement(Network* network, Network* teacher, const data::ImageSet& images, int64_t batch,
                           distributed::Group* group) {
  Averages result;
  const auto compare = [&](data::Batch* read, const torch::Tensor& output) {
    const torch::Tensor taught = teacher->Forward(ImageView(read, images.image), Mode::kEval, {});
    const auto same = static_cast<double>(output.argmax(1).eq(taught.argmax(1)).sum().item<int64_t>());
    result.Add(Distillation(output, taught, 1).item<double>(), same, read->count);
  };
  ForEachOutput(network, images, batch, compare, group);
  if (group != nullptr) SumOverRanks(&result, group);
  return result;
}

data::Plane Sharpen(const Graph& graph, const data::Plane& blurred, const std::string& device, bool integers) {
  const torch::NoGradGuard no_gradients;
  const Result<Graph> sized = AtImageSize(graph, blurred.height, blurred.width);
  if (!sized.ok()) throw std::invalid_argument(sized.error().message);
  NetworkOptions options;
  options.device = device;
  Network network = integers ? CreateIntegerNetwork(sized.value(), device) : Network::Create(sized.value(), options);
  const torch::Tensor image = torch::tensor(blurred.values, torch::kFloat).view({1, 1, blurred.height, blurred.width});
  const torch::Tensor made = network.Forward(image, Mode::kEval, {}).to(torch::kCPU, torch::kFloat).contiguous();
  const auto* values = made.data_ptr<float>();
  return {blurred.height, blurred.width, {values, values + made.numel()}};
}

namespace {

double SquareDifference(const data::Plane& made, const data::Plane& wanted) {
  double sum = 0;
  for (size_t i = 0; i < wanted.values.size(); ++i) {
    sum += std::pow((static_cast<double>(made.values[i]) - wanted.values[i]) / 255, 2);
  }
  return sum / static_cast<double>(wanted.values.size());
}

}  // namespace

Averages EvaluatePictures(const Network& network, const std::vector<data::BlurredPicture>& pictures,
                          distributed::Group* group) {
  const Graph graph = network.Export(Weights::kFrozen);
  Averages result;
  const size_t turns = group == nullptr ? 1 : static_cast<size_t>(group->ranks());
  for (size_t i = group == nullptr ? 0 : static_cast<size_t>(group->rank()); i < pictures.size(); i += turns) {
    const data::BlurredPicture& picture = pictures[i];
    const data::Plane made = Sharpen(graph, picture.blurred, network.device(), /*integers=*/false);
    const double psnr = data::Psnr(made, picture.sharp, picture.factor);
    result.Add(SquareDifference(made, picture.sharp), std::min(psnr, kMostPsnr), 1);
  }
  if (group != nullptr) SumOverRanks(&result, group);
  return result;
}

}  // namespace lowbit::train
