#include "lowbit/runtime/kernel_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "lowbit/base/random.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph_names.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/ops_common/window.h"
#include "lowbit/runtime/recurrent_sample.h"

namespace lowbit::runtime {
namespace {

// No multiples of a vector's lanes, but inputs of four, so that rows are read where they are. So many that layers run as large ones
// do (LookingUpPays).
constexpr int64_t kMostConvOutputs = 78, kMostConvInputs = 72, kMostMatrixOutputs = 300, kMostMatrixInputs = 140;

// Calls take(position in the whole tensor) for each element of its corner with those extents, in order.
template <typename Function>
void ForEachOfCorner(const Shape& whole, const Shape& extents, const Function& take) {
  std::vector<int64_t> at(whole.size(), 0);
  for (int64_t count = Elements(extents); count > 0; --count) {
    int64_t position = 0;
    for (size_t d = 0; d < whole.size(); ++d) position = position * whole[d] + at[d];
    take(static_cast<size_t>(position));
    for (size_t d = whole.size(); d-- > 0 && ++at[d] == extents[d];) at[d] = 0;
  }
}

Parameter CornerOf(const FloatTensor& tensor, const Shape& extents) {
  FloatTensor corner;
  corner.shape = extents;
  ForEachOfCorner(tensor.shape, extents, [&](size_t i) { corner.data.push_back(tensor.data[i]); });
  Parameter parameter;
  parameter.value = std::move(corner);
  return parameter;
}

// The first codes of the corner's rows, which are whole there (WholeInputs).
void CopyCodesOfVectors(const QTensor& tensor, const Shape& extents, QTensor* corner) {
  const int64_t block = tensor.values.block, per_row = Elements(extents) / extents[0] / block;
  for (int64_t row = 0; row < extents[0]; ++row) {
    const int64_t first = row * tensor.Columns() / block;
    for (int64_t i = first; i < first + per_row; ++i) corner->AddCode(tensor.Code(static_cast<size_t>(i)));
  }
}

Parameter CornerOf(const QTensor& tensor, const Shape& extents) {
  QTensor corner;
  corner.shape = extents;
  corner.values = tensor.values;
  corner.scales = tensor.scales;
  if (corner.scales.size() > 1) corner.scales.resize(static_cast<size_t>(extents[0]));
  if (tensor.values.block > 1) {
    CopyCodesOfVectors(tensor, extents, &corner);
  } else {
    ForEachOfCorner(tensor.shape, extents, [&](size_t i) { corner.AddCode(tensor.Code(i)); });
  }
  Parameter parameter;
  parameter.value = std::move(corner);
  return parameter;
}

bool CanBeCut(const Node& node, const Parameter& weight) {
  if (IntAttribute(node, "transA", 0) != 0) return false;
  const QTensor* tensor = std::get_if<QTensor>(&weight.value);
  if (tensor == nullptr && !std::holds_alternative<FloatTensor>(weight.value)) return false;
  // No kernel takes vectors that run across output channels.
  const bool across = node.op == "Gemm" && IntAttribute(node, "transB", 0) == 0;
  if (tensor != nullptr && tensor->values.block > 1 && across) return false;
  return weight.shape().size() == (node.op == "Conv" ? 4 : 2);
}

// At most `most` of the inputs of a weight, or a few more: so many that a row's codes end with them.
int64_t WholeInputs(const Parameter& weight, int64_t most) {
  const QTensor* tensor = std::get_if<QTensor>(&weight.value);
  const Shape& shape = weight.shape();
  const int64_t block = tensor == nullptr ? 1 : tensor->values.block, taps = Elements(shape) / shape[0] / shape[1];
  int64_t inputs = std::min(shape[1], most);
  while (inputs * taps % block != 0) ++inputs;
  return inputs;
}

// The node that puts the value on its grid, where nothing but moves lies between.
const Node* QuantizerOf(const Graph& graph, const std::string& value) {
  for (const Node& node : graph.nodes) {
    if (node.outputs[0] != value) continue;
    if (IsQuantizer(node)) return &node;
    const std::set<std::string> moves = {"MaxPool", "Dropout", "Flatten", "Identity", "Reshape"};
    return moves.count(node.op) == 0 ? nullptr : QuantizerOf(graph, node.inputs[0]);
  }
  return nullptr;
}

// The input's extents for two rows and columns of output, if padding alone is not that much.
Shape ConvInput(const Node& node, const Shape& kernel, int64_t channels) {
  const auto strides = IntsAttribute(node, "strides", {1, 1}), dilations = IntsAttribute(node, "dilations", {1, 1});
  const auto pads = IntsAttribute(node, "pads", {0, 0, 0, 0});
  Shape shape = {1, channels, 0, 0};
  for (size_t d = 0; d < 2; ++d) {
    const int64_t window = (kernel[d + 2] - 1) * dilations[d] + 1;
    shape[d + 2] = std::max<int64_t>(1, window + strides[d] - pads[d] - pads[d + 2]);
  }
  return shape;
}

// Cuts the layer's node and weights down; returns the shape of its input.
Shape CutDown(const Parameter& weight, Node* node, Parameter* corner) {
  Shape extents = weight.shape();
  const auto cut = [&] {
    const QTensor* low_bit = std::get_if<QTensor>(&weight.value);
    *corner = low_bit != nullptr ? CornerOf(*low_bit, extents) : CornerOf(std::get<FloatTensor>(weight.value), extents);
  };
  if (node->op == "Gemm") {
    const size_t inputs = IntAttribute(*node, "transB", 0) != 0 ? 1 : 0;
    extents[inputs] = inputs == 1 ? WholeInputs(weight, kMostMatrixInputs) : std::min(extents[0], kMostMatrixInputs);
    extents[1 - inputs] = std::min(extents[1 - inputs], kMostMatrixOutputs);
    cut();
    return {1, extents[inputs]};
  }
  const bool matrix = extents[2] * extents[3] == 1;
  const int64_t most_outputs = matrix ? kMostMatrixOutputs : kMostConvOutputs;
  const int64_t groups = IntAttribute(*node, "group", 1), outputs = std::min(extents[0] / groups, most_outputs);
  const bool depthwise = groups > 1 && extents[1] == 1 && extents[0] == groups;
  extents[0] = depthwise ? std::min(groups, most_outputs) : outputs;
  extents[1] = WholeInputs(weight, matrix ? kMostMatrixInputs : kMostConvInputs);
  node->attributes["group"] = depthwise ? extents[0] : int64_t{1};
  cut();
  return ConvInput(*node, extents, depthwise ? extents[0] : extents[1]);
}

// Of several magnitudes, so that a grid of any width is used whole.
std::vector<float> DrawInput(const Shape& shape) {
  const CounterRandom random(1, StreamOf("self-test"));
  std::vector<float> values(static_cast<size_t>(Elements(shape)));
  for (size_t i = 0; i < values.size(); ++i) {
    const float largest[] = {2, 8, 300};
    values[i] = static_cast<float>(2 * random.Uniform(i) - 1) * largest[i % 3];
  }
  return values;
}

// A product of floats takes any input, also where a quantizer stands before it.
std::optional<KernelSample> SampleOf(const Graph& graph, const Node& layer, const NodePlan& plan) {
  const auto weight = graph.parameters.find(layer.inputs[1]);
  if (weight == graph.parameters.end() || !CanBeCut(layer, weight->second)) return std::nullopt;
  KernelSample sample;
  sample.kernel = plan.kernel;
  sample.node = layer.name;
  Node node = layer;
  node.inputs.resize(2);
  Parameter corner;
  const Shape input = CutDown(weight->second, &node, &corner);
  sample.graph.parameters[node.inputs[1]] = std::move(corner);
  const std::string x = GraphNames(graph).Unique("sample");
  sample.graph.inputs = {{x, input}};
  sample.graph.outputs = {node.outputs[0]};
  const Node* quantizer = plan.fallback ? nullptr : QuantizerOf(graph, layer.inputs[0]);
  if (quantizer != nullptr) {
    Node grid = *quantizer;
    grid.inputs[0] = x;
    for (size_t i = 1; i < grid.inputs.size(); ++i) {
      const auto parameter = graph.parameters.find(grid.inputs[i]);
      if (parameter == graph.parameters.end()) return std::nullopt;
      sample.graph.parameters[grid.inputs[i]] = parameter->second;
    }
    node.inputs[0] = grid.outputs[0];
    sample.graph.nodes.push_back(std::move(grid));
  } else {
    node.inputs[0] = x;
  }
  sample.graph.nodes.push_back(std::move(node));
  sample.input = DrawInput(input);
  return sample;
}

bool IsRecurrence(const Node& node) { return node.op == "Recurrence"; }

// Layers of which one stands for all: those of a kernel; a GRU multiplies with R once in a step or twice.
std::string KindOf(const Node& node, const NodePlan& plan) {
  return plan.kernel + (IntAttribute(node, "linear_before_reset", 0) != 0 ? " linear_before_reset" : "");
}

Result<DoubleTensor> Define(const Graph& graph, const std::vector<float>& input, Rounding rounding) {
  const DoubleTensor x(graph.inputs[0].shape, {input.begin(), input.end()});
  LOWBIT_TRY(auto values, Evaluate(graph, {{graph.inputs[0].name, x}}, rounding));
  return std::move(values.at(graph.outputs[0]));
}

// For each output the sum of the magnitudes of its products.
Result<DoubleTensor> Magnitudes(KernelSample sample) {
  for (auto& [name, parameter] : sample.graph.parameters) {
    if (const QTensor* tensor = std::get_if<QTensor>(&parameter.value)) parameter.value = Dequantize(*tensor);
    if (FloatTensor* floats = std::get_if<FloatTensor>(&parameter.value)) {
      for (float& v : floats->data) v = std::abs(v);
    }
  }
  for (float& v : sample.input) v = std::abs(v);
  return Define(sample.graph, sample.input, Rounding::kNone);
}

// How far float arithmetic may be away from the definition: relative errors, and those of numbers that are too small to have
// such; beyond floats there is nothing to compare (infinite, or a NaN).
Result<DoubleTensor> BoundOf(const KernelSample& sample) {
  if (IsRecurrence(sample.graph.nodes[0])) return RecurrenceBound(sample);
  LOWBIT_TRY(DoubleTensor bound, Magnitudes(sample));
  const double roundings = static_cast<double>(Elements(sample.graph.inputs[0].shape) + 8);
  for (double& size : bound.data) {
    const bool fits = size < std::numeric_limits<float>::max() / 2;
    size = fits ? roundings * (std::ldexp(size, -23) + std::ldexp(1.0, -148)) : std::numeric_limits<double>::infinity();
  }
  return bound;
}

Error Wrong(const KernelSample& sample) {
  return Failed("self-test: kernel " + sample.kernel + ", which would run node '" + sample.node +
                "', gives wrong results on this machine");
}

}  // namespace

std::vector<KernelSample> SampleKernels(const Graph& graph, const std::vector<NodePlan>& nodes) {
  std::vector<KernelSample> samples;
  std::set<std::string> seen;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.op != "Conv" && node.op != "Gemm" && !IsRecurrence(node)) continue;
    if (nodes[i].fallback && nodes[i].kernel == "evaluate_f64") continue;
    if (!nodes[i].fused_into.empty() || !seen.insert(KindOf(node, nodes[i])).second) continue;
    auto sample = IsRecurrence(node) ? SampleRecurrence(graph, node, nodes[i]) : SampleOf(graph, node, nodes[i]);
    if (sample.has_value()) samples.push_back(std::move(*sample));
  }
  return samples;
}

Status CheckSample(const KernelSample& sample, Span<const float> output) {
  const bool integers = QuantizesActivations(sample.graph);
  LOWBIT_TRY(const DoubleTensor expected,
             Define(sample.graph, sample.input, integers ? Rounding::kFloat : Rounding::kNone));
  if (expected.data.size() != output.size()) return Wrong(sample);
  DoubleTensor bound(expected.shape);
  if (!integers) {
    LOWBIT_TRY(bound, BoundOf(sample));
  }
  for (size_t i = 0; i < output.size(); ++i) {
    const float rounded = static_cast<float>(expected.data[i]);
    if (rounded == output[i] || (std::isnan(rounded) && std::isnan(output[i]))) continue;
    const double difference = std::abs(static_cast<double>(output[i]) - expected.data[i]);
    if (std::isfinite(bound.data[i]) && !(difference <= bound.data[i])) return Wrong(sample);
  }
  return Ok();
}

}  // namespace lowbit::runtime
