#include "lowbit/core/cost.h"

#include <set>
#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/structure.h"
#include "lowbit/core/validate.h"

namespace lowbit {
namespace {

constexpr int64_t kMaxMacs = int64_t{1} << 62;

int64_t WeightsOf(const Parameter& parameter) {
  return std::holds_alternative<Int64Tensor>(parameter.value) ? 0 : Elements(parameter.shape());
}

int64_t WeightsRead(const Graph& graph, const Node& node) {
  int64_t weights = 0;
  for (const std::string& name : std::set<std::string>(node.inputs.begin(), node.inputs.end())) {
    const auto parameter = graph.parameters.find(name);
    if (parameter != graph.parameters.end()) weights += WeightsOf(parameter->second);
  }
  return weights;
}

Result<int64_t> Macs(const Node& node, const std::map<std::string, Shape>& shapes) {
  const Operator& op = *FindOperator(node.op);
  if (op.macs == nullptr) return 0;
  std::vector<Shape> inputs;
  for (const std::string& name : node.inputs) inputs.push_back(name.empty() ? Shape() : shapes.at(name));
  int64_t macs = 1;
  for (const int64_t factor : op.macs(node, inputs, shapes.at(node.outputs[0]))) {
    if (macs > kMaxMacs / factor) return Invalid(NodePrefix(node) + "needs more than 2^62 multiply-accumulates");
    macs *= factor;
  }
  return macs;
}

}  // namespace

Result<std::vector<NodeCost>> Costs(const Graph& graph) {
  LOWBIT_TRY(const auto shapes, InferShapes(graph, 1));
  std::vector<NodeCost> costs;
  for (const Node& node : graph.nodes) {
    LOWBIT_TRY(const int64_t macs, Macs(node, shapes));
    costs.push_back({node.name, node.op, shapes.at(node.outputs[0]), macs, WeightsRead(graph, node)});
  }
  return costs;
}

int64_t CountWeights(const Graph& graph) {
  int64_t weights = 0;
  for (const auto& [name, parameter] : graph.parameters) weights += WeightsOf(parameter);
  return weights;
}

}  // namespace lowbit
