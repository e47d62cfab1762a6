#include "lowbit/core/evaluate.h"

#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/validate.h"

namespace lowbit {
namespace {

using Values = std::map<std::string, DoubleTensor>;

// Keeps a graph with absurd extents from taking the machine down: 2^28 doubles are 2 GiB.
constexpr int64_t kMaxEvaluatedElements = int64_t{1} << 28;

template <typename T>
DoubleTensor Widen(const Tensor<T>& tensor) {
  return DoubleTensor(tensor.shape, std::vector<double>(tensor.data.begin(), tensor.data.end()));
}

DoubleTensor Widen(const QTensor& tensor) { return Widen(Dequantize(tensor)); }

// Checks an input against its declaration; *batch is the batch extent seen so far, or kDynamic.
Status CheckInput(const GraphInput& declared, const Values& inputs, int64_t* batch) {
  const std::string prefix = "input '" + declared.name + "': ";
  const auto found = inputs.find(declared.name);
  if (found == inputs.end()) return Invalid(prefix + "is missing");
  const DoubleTensor& given = found->second;
  LOWBIT_TRY(const int64_t elements, CheckedElements(given.shape));
  if (given.data.size() != static_cast<size_t>(elements)) return Invalid(prefix + "data does not match its shape");
  Shape expected = declared.shape;
  if (!expected.empty() && expected[0] == kDynamic && !given.shape.empty() && given.shape[0] >= 1) {
    if (*batch == kDynamic) *batch = given.shape[0];
    expected[0] = *batch;
  }
  if (given.shape == expected) return Ok();
  return Invalid(prefix + "has shape " + ToString(given.shape) + "; expected " + ToString(expected));
}

Status CheckSize(const Graph& graph, int64_t batch) {
  LOWBIT_TRY(const auto shapes, InferShapes(graph, batch));
  int64_t total = 0;
  for (const auto& [name, shape] : shapes) {
    total += Elements(shape);
    if (total > kMaxEvaluatedElements) return Failed("the graph's values are too large to evaluate in float64");
  }
  return Ok();
}

void RoundToFloat(DoubleTensor* tensor) {
  for (double& value : tensor->data) value = static_cast<double>(static_cast<float>(value));
}

void EvaluateNode(const Node& node, const Values& known, Rounding rounding, Values* computed) {
  std::vector<const DoubleTensor*> inputs(node.inputs.size(), nullptr);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!HasInput(node, i)) continue;
    const auto found = computed->find(node.inputs[i]);
    inputs[i] = found != computed->end() ? &found->second : &known.at(node.inputs[i]);
  }
  std::vector<DoubleTensor> outputs = FindOperator(node.op)->evaluate(node, inputs);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (rounding == Rounding::kFloat) RoundToFloat(&outputs[i]);
    computed->emplace(node.outputs[i], std::move(outputs[i]));
  }
}

}  // namespace

Result<std::map<std::string, DoubleTensor>> Evaluate(const Graph& graph,
                                                     const std::map<std::string, DoubleTensor>& inputs,
                                                     Rounding rounding) {
  int64_t batch = kDynamic;
  for (const GraphInput& declared : graph.inputs) LOWBIT_RETURN_IF_ERROR(CheckInput(declared, inputs, &batch));
  LOWBIT_RETURN_IF_ERROR(CheckSize(graph, batch == kDynamic ? 1 : batch));

  Values known;
  for (const GraphInput& declared : graph.inputs) known[declared.name] = inputs.at(declared.name);
  for (const auto& [name, parameter] : graph.parameters) {
    known[name] = std::visit([](const auto& tensor) { return Widen(tensor); }, parameter.value);
  }
  Values computed;
  for (const Node& node : graph.nodes) EvaluateNode(node, known, rounding, &computed);
  return computed;
}

}  // namespace lowbit
