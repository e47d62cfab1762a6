#include "lowbit/core/graph.h"

#include <algorithm>

namespace lowbit {
namespace {

template <typename T>
T AttributeOr(const Node& node, const std::string& name, const T& otherwise) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return otherwise;
  const T* value = std::get_if<T>(&found->second);
  LOWBIT_CHECK(value != nullptr);
  return *value;
}

}  // namespace

int64_t IntAttribute(const Node& node, const std::string& name, int64_t otherwise) {
  return AttributeOr(node, name, otherwise);
}

double FloatAttribute(const Node& node, const std::string& name, double otherwise) {
  return AttributeOr(node, name, otherwise);
}

std::string StringAttribute(const Node& node, const std::string& name, const std::string& otherwise) {
  return AttributeOr(node, name, otherwise);
}

std::vector<int64_t> IntsAttribute(const Node& node, const std::string& name, const std::vector<int64_t>& otherwise) {
  return AttributeOr(node, name, otherwise);
}

bool HasInput(const Node& node, size_t i) { return i < node.inputs.size() && !node.inputs[i].empty(); }

int64_t CountReaders(const Graph& graph, const std::string& value) {
  int64_t readers = std::count(graph.outputs.begin(), graph.outputs.end(), value);
  for (const Node& node : graph.nodes) readers += std::count(node.inputs.begin(), node.inputs.end(), value);
  return readers;
}

}  // namespace lowbit
