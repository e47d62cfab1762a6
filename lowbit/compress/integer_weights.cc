#include "lowbit/compress/integer_weights.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/base/span.h"

namespace lowbit::compress {
namespace {

float LargestMagnitude(Span<const float> row) {
  float largest = 0;
  for (const float value : row) largest = std::max(largest, std::abs(value));
  return largest;
}

// The node's weights whose rows have scales of their own.
std::vector<std::string> WeightsOf(const Node& node) {
  if (node.op == "RNN" || node.op == "GRU" || node.op == "LSTM") return {node.inputs[1], node.inputs[2]};
  const bool rows = node.op == "Conv" || (node.op == "Gemm" && IntAttribute(node, "transB", 0) != 0);
  return rows ? std::vector<std::string>{node.inputs[1]} : std::vector<std::string>();
}

// Of all nodes, those that are float, each once.
std::vector<Parameter*> FloatWeights(Graph* graph) {
  std::set<std::string> names;
  for (const Node& node : graph->nodes) {
    for (const std::string& name : WeightsOf(node)) names.insert(name);
  }
  std::vector<Parameter*> weights;
  for (const std::string& name : names) {
    const auto parameter = graph->parameters.find(name);
    if (parameter == graph->parameters.end()) continue;
    if (std::holds_alternative<FloatTensor>(parameter->second.value)) weights.push_back(&parameter->second);
  }
  return weights;
}

}  // namespace

QTensor RoundToIntegers(const FloatTensor& weights, int bits) {
  const int zero = 1 << (bits - 1), steps = zero - 1;
  QTensor tensor = {weights.shape, ValueSet::Affine(bits, zero), {}, {}};
  tensor.codes.reserve(weights.data.size());
  const auto columns = static_cast<size_t>(Elements(weights.shape) / weights.shape[0]);
  for (size_t row = 0; row < static_cast<size_t>(weights.shape[0]); ++row) {
    const Span<const float> values(weights.data.data() + row * columns, columns);
    // Of values too small for a scale of their own, zeros remain.
    const float scale = LargestMagnitude(values) / static_cast<float>(steps);
    tensor.scales.push_back(std::isnormal(scale) ? scale : 1.0f);
    for (const float value : values) {
      const double step = std::nearbyint(static_cast<double>(value) / static_cast<double>(tensor.scales.back()));
      tensor.codes.push_back(static_cast<uint8_t>(zero + static_cast<int>(std::clamp<double>(step, -steps, steps))));
    }
  }
  return tensor;
}

Graph RoundProductWeights(Graph graph, int bits) {
  for (Parameter* weights : FloatWeights(&graph)) {
    weights->value = RoundToIntegers(std::get<FloatTensor>(weights->value), bits);
  }
  return graph;
}

Result<Graph> RoundWeightsAlone(const Graph& graph, int bits) {
  if (bits < 2 || bits > 8) {
    return Invalid("weights alone are rounded to 2..8 bits; asked for are " + std::to_string(bits));
  }
  Graph rounded = graph;
  if (FloatWeights(&rounded).empty()) {
    return Invalid("network '" + graph.name + "' has no Conv, Gemm or recurrent layer with float weights");
  }
  return RoundProductWeights(std::move(rounded), bits);
}

}  // namespace lowbit::compress
