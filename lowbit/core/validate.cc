#include "lowbit/core/validate.h"

#include <algorithm>

#include "lowbit/core/operator.h"
#include "lowbit/core/structure.h"

namespace lowbit {
namespace {

using Shapes = std::map<std::string, Shape>;

bool IsDynamic(const GraphInput& input) { return !input.shape.empty() && input.shape[0] == kDynamic; }

Status InferNode(const Graph& graph, const Node& node, Shapes* shapes) {
  LOWBIT_TRY(const std::vector<Shape> outputs, FindOperator(node.op)->infer(node, ViewInputs(graph, node, *shapes)));
  LOWBIT_CHECK(outputs.size() >= node.outputs.size());
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    LOWBIT_TRY(const int64_t elements, CheckedElements(outputs[i]));
    if (elements == 0) return Invalid("output '" + node.outputs[i] + "' would be empty: " + ToString(outputs[i]));
    shapes->emplace(node.outputs[i], outputs[i]);
  }
  return Ok();
}

// REQUIRES: CheckStructure(graph).ok()
Result<Shapes> InferAll(const Graph& graph, int64_t batch) {
  Shapes shapes;
  for (const auto& [name, parameter] : graph.parameters) shapes[name] = parameter.shape();
  for (const GraphInput& input : graph.inputs) {
    Shape shape = input.shape;
    if (IsDynamic(input)) shape[0] = batch;
    const Result<int64_t> elements = CheckedElements(shape);
    if (!elements.ok()) return Invalid("input '" + input.name + "': " + elements.error().message);
    shapes[input.name] = std::move(shape);
  }
  for (const Node& node : graph.nodes) {
    const Status status = InferNode(graph, node, &shapes);
    if (!status.ok()) return Invalid(NodePrefix(node) + status.error().message);
  }
  return shapes;
}

}  // namespace

std::vector<InputView> ViewInputs(const Graph& graph, const Node& node, const std::map<std::string, Shape>& shapes) {
  std::vector<InputView> views(node.inputs.size());
  for (size_t i = 0; i < views.size(); ++i) {
    if (!HasInput(node, i)) continue;
    views[i].present = true;
    views[i].shape = shapes.at(node.inputs[i]);
    const auto parameter = graph.parameters.find(node.inputs[i]);
    if (parameter == graph.parameters.end()) continue;
    views[i].integers = std::get_if<Int64Tensor>(&parameter->second.value);
    views[i].floats = std::get_if<FloatTensor>(&parameter->second.value);
  }
  return views;
}

Result<std::map<std::string, Shape>> InferShapes(const Graph& graph, int64_t batch) {
  LOWBIT_CHECK(batch >= 1);
  LOWBIT_RETURN_IF_ERROR(CheckStructure(graph));
  return InferAll(graph, batch);
}

Status Validate(const Graph& graph) {
  LOWBIT_RETURN_IF_ERROR(CheckStructure(graph));
  LOWBIT_RETURN_IF_ERROR(InferAll(graph, 1));
  // A graph that fits one image only because some shape hides the batch must not pass as one that takes any batch.
  if (std::any_of(graph.inputs.begin(), graph.inputs.end(), IsDynamic)) LOWBIT_RETURN_IF_ERROR(InferAll(graph, 2));
  return Ok();
}

}  // namespace lowbit
