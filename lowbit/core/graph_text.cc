#include "lowbit/core/graph_text.h"

#include <cstdio>

#include "lowbit/base/suggest.h"
#include "lowbit/core/validate.h"

namespace lowbit {
namespace {

using Shapes = std::map<std::string, Shape>;

std::string Text(int64_t value) { return std::to_string(value); }

std::string Text(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", value);
  return text;
}

std::string Text(const std::string& value) { return value; }

template <typename T>
std::string Text(const std::vector<T>& values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const T& value : values) texts.push_back(Text(value));
  return std::string("[") + Join(texts) + "]";
}

std::string KindOf(const FloatTensor&) { return "float"; }
std::string KindOf(const Int64Tensor& tensor) { return "int64 " + Text(tensor.data); }
std::string KindOf(const QTensor& tensor) { return tensor.values.Name(); }

std::string DescribeInput(const Graph& graph, const std::string& name) {
  const auto parameter = graph.parameters.find(name);
  if (parameter == graph.parameters.end()) return name;
  const std::string kind = std::visit([](const auto& tensor) { return KindOf(tensor); }, parameter->second.value);
  return name + " " + kind + " " + ToString(parameter->second.shape());
}

std::string ShapeOf(const Shapes& shapes, const std::string& name) {
  const auto found = shapes.find(name);
  return found == shapes.end() ? "" : std::string(" ") + ToString(found->second);
}

std::string DescribeNode(const Graph& graph, const Node& node, const Shapes& shapes) {
  std::vector<std::string> inputs, outputs;
  for (const std::string& name : node.inputs) inputs.push_back(DescribeInput(graph, name));
  for (const std::string& name : node.outputs) outputs.push_back(name + ShapeOf(shapes, name));
  std::string text = node.name + ": " + node.op + "(" + Join(inputs) + ")";
  for (const auto& [name, attribute] : node.attributes) text += " " + name + "=" + AttributeText(attribute);
  return text + " -> " + Join(outputs) + "\n";
}

}  // namespace

std::string AttributeText(const Attribute& attribute) {
  return std::visit([](const auto& value) { return Text(value); }, attribute);
}

std::string Describe(const Graph& graph) {
  const Result<Shapes> inferred = InferShapes(graph, 1);
  const Shapes shapes = inferred.ok() ? inferred.value() : Shapes();
  std::string text;
  for (const GraphInput& input : graph.inputs) text += "input " + input.name + ShapeOf(shapes, input.name) + "\n";
  for (const Node& node : graph.nodes) text += DescribeNode(graph, node, shapes);
  for (const std::string& output : graph.outputs) text += "output " + output + "\n";
  if (!inferred.ok()) text += "not valid: " + inferred.error().message + "\n";
  return text;
}

}  // namespace lowbit
