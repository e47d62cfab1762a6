#include "lowbit/compress/scaled_layers.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lowbit::compress {
namespace {

bool FitFloats(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double v) { return std::abs(v) <= std::numeric_limits<float>::max(); });
}

void StoreFloats(const std::vector<double>& values, const std::string& name, Graph* graph) {
  FloatTensor& tensor = std::get<FloatTensor>(graph->parameters.at(name).value);
  std::transform(values.begin(), values.end(), tensor.data.begin(), [](double v) { return static_cast<float>(v); });
}

}  // namespace

ScaledLayers::ScaledLayers(const Graph& graph, const std::vector<ChannelGroup>& groups) {
  for (const ChannelGroup& group : groups) {
    for (const NodeChannel& maker : group.makers) Add(graph, maker.node);
    for (const NodeChannel& reader : group.readers) Add(graph, reader.node);
  }
}

void ScaledLayers::Add(const Graph& graph, size_t index) {
  if (layers_.count(index) != 0) return;
  const Node& node = graph.nodes[index];
  Layer& layer = layers_[index];
  layer.weight_name = node.inputs[1];
  const FloatTensor& weights = std::get<FloatTensor>(graph.parameters.at(layer.weight_name).value);
  layer.weights.assign(weights.data.begin(), weights.data.end());
  layer.rows = weights.shape[0];
  if (weights.shape.size() > 1) layer.inputs = weights.shape[1];
  layer.taps = Elements(weights.shape) / layer.rows / layer.inputs;
  if (node.op == "Conv") layer.groups = IntAttribute(node, "group", 1);
  const auto bias = graph.parameters.find(HasInput(node, 2) ? node.inputs[2] : "");
  // One that is computed belongs to a layer that only reads.
  if (bias == graph.parameters.end() || !std::holds_alternative<FloatTensor>(bias->second.value)) return;
  layer.bias_name = bias->first;
  const std::vector<float>& floats = std::get<FloatTensor>(bias->second.value).data;
  layer.bias.assign(floats.begin(), floats.end());
}

template <typename Use>
void ScaledLayers::EachInColumn(const Layer& layer, int64_t channel, const Use& use) {
  const int64_t rows = layer.rows / layer.groups, first = channel / layer.inputs * rows;
  for (int64_t row = first; row < first + rows; ++row) {
    const int64_t start = (row * layer.inputs + channel % layer.inputs) * layer.taps;
    for (int64_t tap = 0; tap < layer.taps; ++tap) use(static_cast<size_t>(start + tap));
  }
}

double ScaledLayers::RowRange(const NodeChannel& maker) const {
  const Layer& layer = layers_.at(maker.node);
  const int64_t columns = layer.inputs * layer.taps;
  double range = 0;
  for (int64_t i = maker.channel * columns; i < (maker.channel + 1) * columns; ++i) {
    range = std::max(range, std::abs(layer.weights[static_cast<size_t>(i)]));
  }
  return range;
}

double ScaledLayers::ColumnRange(const NodeChannel& reader) const {
  const Layer& layer = layers_.at(reader.node);
  double range = 0;
  EachInColumn(layer, reader.channel, [&](size_t i) { range = std::max(range, std::abs(layer.weights[i])); });
  return range;
}

void ScaledLayers::Scale(const ChannelGroup& group, double factor) {
  for (const NodeChannel& maker : group.makers) {
    Layer& layer = layers_.at(maker.node);
    const int64_t columns = layer.inputs * layer.taps;
    for (int64_t i = maker.channel * columns; i < (maker.channel + 1) * columns; ++i) {
      layer.weights[static_cast<size_t>(i)] /= factor;
    }
    if (!layer.bias.empty()) layer.bias[static_cast<size_t>(maker.channel)] /= factor;
  }
  for (const NodeChannel& reader : group.readers) {
    Layer& layer = layers_.at(reader.node);
    EachInColumn(layer, reader.channel, [&](size_t i) { layer.weights[i] *= factor; });
  }
}

bool ScaledLayers::Store(Graph* graph) const {
  for (const auto& [index, layer] : layers_) {
    if (!FitFloats(layer.weights) || !FitFloats(layer.bias)) return false;
  }
  for (const auto& [index, layer] : layers_) {
    StoreFloats(layer.weights, layer.weight_name, graph);
    if (!layer.bias.empty()) StoreFloats(layer.bias, layer.bias_name, graph);
  }
  return true;
}

}  // namespace lowbit::compress
