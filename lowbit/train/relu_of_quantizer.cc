#include "lowbit/train/relu_of_quantizer.h"

#include <algorithm>
#include <vector>

#include "lowbit/core/uniform_grid.h"

namespace lowbit::train {
namespace {

// The values of an input that never changes; null where it may.
const std::vector<float>* Constant(const Graph& graph, const Node& node, size_t input) {
  const auto found = HasInput(node, input) ? graph.parameters.find(node.inputs[input]) : graph.parameters.end();
  if (found == graph.parameters.end() || found->second.traits.role != ParameterTraits::Role::kConstant) return nullptr;
  const auto* floats = std::get_if<FloatTensor>(&found->second.value);
  return floats == nullptr || floats->data.empty() ? nullptr : &floats->data;
}

// Whether all that is not above 0 becomes one value, by a Quant or LevelQuant of any scale.
bool MakesOneOfNegatives(const Graph& graph, const Node& node) {
  if (node.op != "Quant" && node.op != "LevelQuant") return false;
  const std::vector<float>*third = Constant(graph, node, 2), *fourth = Constant(graph, node, 3);
  if (third == nullptr || fourth == nullptr) return false;
  if (node.op == "LevelQuant") return third->front() > 0;  // The least threshold.
  const Result<UniformGrid> grid = MakeUniformGrid(node, /*scale=*/1, third->front(), fourth->front());
  return grid.ok() && grid.value().low >= grid.value().zero_point;
}

}  // namespace

const Node* ReluOfQuantizer(const Graph& graph, const Node& node, const ActivationMethod* activation) {
  if (activation != nullptr && activation->apply && !activation->apply_takes_relu) return nullptr;
  if (!MakesOneOfNegatives(graph, node) || CountReaders(graph, node.inputs[0]) != 1) return nullptr;
  const auto relu = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&node](const Node& other) {
    return other.op == "Relu" && other.outputs[0] == node.inputs[0];
  });
  return relu == graph.nodes.end() ? nullptr : &*relu;
}

}  // namespace lowbit::train
