#include "lowbit/compress/correct_bias.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/compress/channel_runs.h"
#include "lowbit/compress/inputs/layer_inputs.h"
#include "lowbit/core/graph_names.h"

namespace lowbit::compress {
namespace {

// The mean of each channel of the value over images and places, summed in the images' order.
Result<std::vector<double>> ChannelMeans(const Graph& graph, const std::string& value, const data::ImageSet& images,
                                         int64_t samples, int threads) {
  std::vector<double> sums;
  int64_t elements = 0;
  const auto add = [&](Span<const float> values, const Shape& shape) {
    sums.resize(static_cast<size_t>(shape[1]));
    EachChannelRun(values, shape, [&sums](size_t channel, Span<const float> run) {
      for (const float x : run) sums[channel] += static_cast<double>(x);
    });
    elements += static_cast<int64_t>(values.size());
    return Ok();
  };
  LOWBIT_RETURN_IF_ERROR(WatchOnImages(graph, value, images, std::min(samples, images.count()), threads, add));
  for (double& sum : sums) sum *= static_cast<double>(sums.size()) / static_cast<double>(elements);
  return sums;
}

// What the bias is multiplied by; 0 where there is none to add to.
double BiasFactor(const Graph& graph, const Node& node, size_t channels) {
  const double factor = node.op == "Gemm" ? FloatAttribute(node, "beta", 1) : 1;
  if (!HasInput(node, 2)) return factor;
  const auto bias = graph.parameters.find(node.inputs[2]);
  if (bias == graph.parameters.end() || !std::holds_alternative<FloatTensor>(bias->second.value)) return 0;
  return bias->second.shape() == Shape{static_cast<int64_t>(channels)} ? factor : 0;
}

void AddToBias(const std::vector<double>& shift, size_t index, GraphNames* names, Graph* graph) {
  Node& node = graph->nodes[index];
  FloatTensor bias({static_cast<int64_t>(shift.size())});
  if (HasInput(node, 2)) bias = std::get<FloatTensor>(graph->parameters.at(node.inputs[2]).value);
  for (size_t c = 0; c < shift.size(); ++c) {
    bias.data[c] = static_cast<float>(static_cast<double>(bias.data[c]) + shift[c]);
  }
  if (!HasInput(node, 2) || CountReaders(*graph, node.inputs[2]) > 1) {
    node.inputs.resize(3);
    node.inputs[2] = names->Unique(node.name + ".bias");
  }
  Parameter& parameter = graph->parameters[node.inputs[2]];
  parameter.value = std::move(bias);
  parameter.traits.role = ParameterTraits::Role::kBias;
}

}  // namespace

Result<Graph> CorrectBias(const Graph& network, Graph quantized, const data::ImageSet& images, int64_t samples,
                          int threads) {
  GraphNames names(quantized);
  for (size_t i = 0; i < quantized.nodes.size(); ++i) {
    const Node& node = quantized.nodes[i];
    if (node.op != "Conv" && node.op != "Gemm") continue;
    LOWBIT_TRY(std::vector<double> shift, ChannelMeans(network, node.outputs[0], images, samples, threads));
    LOWBIT_TRY(const std::vector<double> mean, ChannelMeans(quantized, node.outputs[0], images, samples, threads));
    const double factor = BiasFactor(quantized, node, shift.size());
    if (factor == 0 || shift == mean) continue;
    for (size_t c = 0; c < shift.size(); ++c) shift[c] = (shift[c] - mean[c]) / factor;
    AddToBias(shift, i, &names, &quantized);
  }
  return quantized;
}

}  // namespace lowbit::compress
