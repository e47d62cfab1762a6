#include "lowbit/core/graph_names.h"

namespace lowbit {

GraphNames::GraphNames(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    names_.insert(node.name);
    names_.insert(node.outputs.begin(), node.outputs.end());
  }
  for (const GraphInput& input : graph.inputs) names_.insert(input.name);
  for (const auto& [name, parameter] : graph.parameters) names_.insert(name);
}

std::string GraphNames::Unique(const std::string& wish) {
  std::string name = wish;
  while (!names_.insert(name).second) name += "'";
  return name;
}

}  // namespace lowbit
