#include "lowbit/train/trainer/calibrate_activations.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>

#include "lowbit/base/random.h"
#include "lowbit/core/uniform_grid.h"
#include "lowbit/quant/activation_scale.h"
#include "lowbit/train/activation_plan.h"
#include "lowbit/train/distributed/average.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train {
namespace {

// Of each quantizer in each batch.
constexpr int64_t kSamples = 8192;

// What one quantizer is measured by.
struct Measured {
  std::string node;
  std::string value;  // That it makes.
  std::string scale;  // The parameter.
  std::function<double(const std::vector<float>& samples)> fit;
  std::vector<float> samples;

  // Some elements of what comes in, drawn anew for each batch.
  void Draw(const at::Tensor& values, uint64_t batch) {
    const at::Tensor flat = values.to(at::kCPU, at::kFloat).contiguous();
    const CounterRandom random(batch, StreamOf("calibrate/" + value));
    const auto count = static_cast<uint64_t>(flat.numel());
    for (uint64_t i = 0; i < static_cast<uint64_t>(kSamples); ++i) {
      samples.push_back(flat.data_ptr<float>()[random.Below(i, count)]);
    }
  }
};

// The rule by which a quantizer's scale follows from what comes in.
std::function<double(const std::vector<float>&)> FitOf(const Node& node, const Graph& graph) {
  const auto values = [&](size_t input) {
    return std::get<FloatTensor>(graph.parameters.at(node.inputs[input]).value).data;
  };
  if (node.op == "LevelQuant") {
    return [levels = values(3)](const std::vector<float>& samples) { return quant::AlignedScale(samples, levels); };
  }
  const UniformGrid grid = MakeUniformGrid(node, 1, values(2)[0], values(3)[0]).value();
  return [low = grid.low - grid.zero_point, high = grid.high - grid.zero_point](const std::vector<float>& samples) {
    return quant::LeastSquaresScale(samples, low, high);
  };
}

std::vector<Measured> FindMeasured(const Graph& graph) {
  std::vector<Measured> found;
  for (const Node* node : MeasuredQuantizers(graph)) {
    found.push_back({node->name, node->outputs[0], node->inputs[1], FitOf(*node, graph), {}});
  }
  return found;
}

// The network with its quantizers open; its outputs are what comes into them.
Graph WithFloatActivations(Graph graph, const std::vector<Measured>& quantizers) {
  graph.outputs.clear();
  for (const Measured& quantizer : quantizers) graph.outputs.push_back(quantizer.value);
  const std::set<std::string> open(graph.outputs.begin(), graph.outputs.end());
  for (Node& node : graph.nodes) {
    if (open.count(node.outputs[0]) != 0) node = {node.name, "Identity", {node.inputs[0]}, node.outputs, {}};
  }
  return graph;
}

// What a method made of its weight when the run began: a network made of the weights' values would begin anew.
void CopyMethods(const Network& from, Network* to) {
  const at::NoGradGuard no_gradients;
  std::map<std::string, at::Tensor> values = from.Buffers();
  for (const TrainedParameter& parameter : from.Parameters()) values[parameter.name] = parameter.tensor;
  for (const TrainedParameter& parameter : to->Parameters()) {
    at::Tensor(parameter.tensor).copy_(values.at(parameter.name));
  }
  for (auto& [name, buffer] : to->Buffers()) at::Tensor(buffer).copy_(values.at(name));
}

// The first batches through the network.
void Observe(Network* network, const Shape& image, int64_t images, data::Batcher* batcher,
             std::vector<Measured>* quantizers) {
  const at::NoGradGuard no_gradients;
  StepContext context;
  data::Batch batch;
  batcher->StartEpoch(0);
  for (int64_t seen = 0; seen < images && batcher->Next(&batch); seen += batch.count, ++context.batches_estimated) {
    if (!batch.status.ok()) throw std::runtime_error(batch.status.error().message);
    const std::vector<at::Tensor> values = network->Run({ImageView(&batch, image)}, Mode::kEstimate, context);
    for (size_t i = 0; i < values.size(); ++i) {
      (*quantizers)[i].Draw(values[i], static_cast<uint64_t>(context.batches_estimated));
    }
  }
}

}  // namespace

std::vector<std::string> CalibrateActivations(const NetworkOptions& options, const Shape& image, data::Batcher* batcher,
                                              Network* network, distributed::Group* group) {
  const Graph graph = network->Export(Weights::kFloat);
  std::vector<Measured> quantizers = FindMeasured(graph);
  if (quantizers.empty()) return {};
  Network floats = Network::Create(WithFloatActivations(graph, quantizers), options);
  CopyMethods(*network, &floats);
  Observe(&floats, image, kCalibrationImages / (group == nullptr ? 1 : group->ranks()), batcher, &quantizers);
  const at::NoGradGuard no_gradients;
  std::map<std::string, at::Tensor> live = network->Buffers();
  for (const TrainedParameter& parameter : network->Parameters()) live[parameter.name] = parameter.tensor;
  std::vector<at::Tensor> scales;
  std::vector<std::string> silent;
  for (const Measured& quantizer : quantizers) {
    const auto is_zero = [](float x) { return x == 0; };
    if (std::all_of(quantizer.samples.begin(), quantizer.samples.end(), is_zero)) silent.push_back(quantizer.node);
    scales.push_back(live.at(quantizer.scale));
    scales.back().fill_(quantizer.fit(quantizer.samples));
  }
  if (group != nullptr) distributed::Average(scales, group);
  return silent;
}

}  // namespace lowbit::train
