#include "lowbit/train/trainer/diagnostics.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <utility>

#include "lowbit/core/uniform_grid.h"
#include "lowbit/data/batcher.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train {
namespace {

double Share(const at::Tensor& mask) { return mask.to(at::kDouble).mean().item<double>(); }

// inputs: x, scale, zero point, bits, as the node has them.
ActivationStatistics OfQuant(const Node& node, const std::vector<at::Tensor>& inputs, const at::Tensor& output) {
  const auto scale = inputs[1].item<double>();
  const UniformGrid grid = MakeUniformGrid(node, scale, inputs[2].item<double>(), inputs[3].item<double>()).value();
  const double low = grid.low - grid.zero_point, high = grid.high - grid.zero_point;
  // In between two integers the nearest one holds; half a step beyond the last one there would be another.
  at::Tensor beyond = inputs[0].gt(scale * (high + 0.5));
  if (low < 0) beyond = beyond.logical_or(inputs[0].lt(scale * (low - 0.5)));
  return {node.name, Share(beyond), Share(output.eq(0)), scale};
}

// inputs: x, scale, thresholds, levels.
ActivationStatistics OfLevels(const Node& node, const std::vector<at::Tensor>& inputs, const at::Tensor& output) {
  const auto scale = inputs[1].item<double>();
  const at::Tensor scaled = inputs[0] / scale;
  const auto end = [&](int64_t level, int64_t inner) {  // Half a step beyond the last level.
    return inputs[3][level].item<double>() + (inputs[3][level] - inputs[3][inner]).item<double>() / 2;
  };
  at::Tensor beyond = scaled.gt(end(-1, -2));
  if (inputs[3][0].item<double>() < 0) beyond = beyond.logical_or(scaled.lt(end(0, 1)));
  return {node.name, Share(beyond), Share(output.eq(0)), scale};
}

// The gradient ends where the value is larger than the scale.
ActivationStatistics OfSigns(const Node& node, const std::vector<at::Tensor>& inputs) {
  const auto scale = inputs[1].item<double>();
  return {node.name, Share(inputs[0].abs().gt(scale)), 0, scale};
}

}  // namespace

std::vector<ActivationStatistics> WatchActivations(const data::ImageSet& images, int64_t count, Network* network) {
  data::BatchOptions options;
  options.batch_size = count;
  options.shuffle = false;
  data::Batcher batcher(images, options);
  batcher.StartEpoch(0);
  data::Batch batch;
  if (!batcher.Next(&batch)) return {};
  if (!batch.status.ok()) throw std::runtime_error(batch.status.error().message);
  std::vector<ActivationStatistics> all;
  network->Watch([&all](const Node& node, const std::vector<at::Tensor>& inputs, const at::Tensor& output) {
    if (node.op == "Quant") all.push_back(OfQuant(node, inputs, output));
    if (node.op == "LevelQuant") all.push_back(OfLevels(node, inputs, output));
    if (node.op == "BipolarQuant") all.push_back(OfSigns(node, inputs));
  });
  const torch::NoGradGuard no_gradients;
  network->Forward(ImageView(&batch, images.image), Mode::kEval, {});
  network->Watch(nullptr);
  return all;
}

namespace {

// As WeightCodes has them.
std::vector<uint8_t> CodeBytes(const QTensor& weight) {
  if (weight.high_codes.empty()) return weight.codes;
  std::vector<uint8_t> bytes;
  bytes.reserve(2 * weight.codes.size());
  for (size_t i = 0; i < weight.codes.size(); ++i) {
    bytes.push_back(weight.codes[i]);
    bytes.push_back(weight.high_codes[i]);
  }
  return bytes;
}

// The share of the `count` codes that differ. REQUIRES: equal sizes, a multiple of count
double ShareOfChanges(const std::vector<uint8_t>& before, const std::vector<uint8_t>& now, size_t count) {
  const auto bytes = static_cast<std::ptrdiff_t>(now.size() / count);
  int64_t changed = 0;
  for (auto a = before.begin(), b = now.begin(); b != now.end(); a += bytes, b += bytes) {
    changed += std::equal(b, b + bytes, a) ? 0 : 1;
  }
  return static_cast<double>(changed) / static_cast<double>(count);
}

}  // namespace

void CodeChanges::Add(const Network& network, std::vector<LayerStatistics>* layers) {
  const Graph frozen = network.Export(Weights::kFrozen);
  for (LayerStatistics& layer : *layers) {
    const auto* weight = std::get_if<QTensor>(&frozen.parameters.at(layer.parameter).value);
    if (weight == nullptr) continue;
    std::vector<uint8_t>& before = codes_[layer.parameter];
    std::vector<uint8_t> now = CodeBytes(*weight);
    // A checkpoint of another version may have kept the low bytes alone: then this is a first look.
    if (before.size() == now.size() && !now.empty()) {
      layer.details["changed"] = ShareOfChanges(before, now, weight->codes.size());
    }
    before = std::move(now);
  }
}

void AddGradientNorms(const Network& network, std::vector<LayerStatistics>* layers) {
  const torch::NoGradGuard no_gradients;
  for (LayerStatistics& layer : *layers) {
    double squares = 0;
    bool any = false;
    for (const TrainedParameter& parameter : network.Parameters()) {
      const bool is_own = parameter.name == layer.parameter || parameter.name.rfind(layer.parameter + "/", 0) == 0;
      if (!is_own || !parameter.tensor.grad().defined()) continue;
      any = true;
      squares += parameter.tensor.grad().to(at::kDouble).square().sum().item<double>();
    }
    if (any) layer.details["gradient"] = std::sqrt(squares);
  }
}

}  // namespace lowbit::train
