#ifndef LOWBIT_CORE_TESTING_SINGLE_NODE_H_
#define LOWBIT_CORE_TESTING_SINGLE_NODE_H_

// For tests: a graph of one node, run or rejected in one call. Header only, so that no library carries it.

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/validate.h"

namespace lowbit::testing {

// An input left out, one that the caller passes in, or a parameter.
using Operand = std::variant<std::monostate, DoubleTensor, FloatTensor, Int64Tensor, QTensor>;

struct SingleNode {
  Graph graph;
  std::map<std::string, DoubleTensor> inputs;
};

// Node "node" of that operator; operand i is named "in<i>", the result "out".
inline SingleNode MakeSingleNode(const std::string& op, Attributes attributes, std::vector<Operand> operands) {
  SingleNode made;
  Node node{"node", op, {}, {"out"}, std::move(attributes)};
  for (size_t i = 0; i < operands.size(); ++i) {
    const std::string name = "in" + std::to_string(i);
    node.inputs.push_back(std::holds_alternative<std::monostate>(operands[i]) ? "" : name);
    if (auto* given = std::get_if<DoubleTensor>(&operands[i])) {
      made.graph.inputs.push_back({name, given->shape});
      made.inputs[name] = std::move(*given);
    } else if (auto* floats = std::get_if<FloatTensor>(&operands[i])) {
      made.graph.parameters[name].value = std::move(*floats);
    } else if (auto* integers = std::get_if<Int64Tensor>(&operands[i])) {
      made.graph.parameters[name].value = std::move(*integers);
    } else if (auto* low_bit = std::get_if<QTensor>(&operands[i])) {
      made.graph.parameters[name].value = std::move(*low_bit);
    }
  }
  made.graph.nodes.push_back(std::move(node));
  made.graph.outputs = {"out"};
  return made;
}

// The result of the node. REQUIRES: the graph is valid.
inline DoubleTensor RunNode(const std::string& op, Attributes attributes, std::vector<Operand> operands) {
  const SingleNode made = MakeSingleNode(op, std::move(attributes), std::move(operands));
  return Evaluate(made.graph, made.inputs).value().at("out");
}

// Why Validate rejects the node; "" if it does not.
inline std::string NodeError(const std::string& op, Attributes attributes, std::vector<Operand> operands) {
  const Status status = Validate(MakeSingleNode(op, std::move(attributes), std::move(operands)).graph);
  return status.ok() ? "" : status.error().message;
}

using Ints = std::vector<int64_t>;

// 1, 2, 3, ...
inline DoubleTensor Counting(Shape shape) {
  DoubleTensor tensor(std::move(shape));
  for (size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = static_cast<double>(i + 1);
  return tensor;
}

// Small integers of both signs without an obvious pattern, so that float and double sums are exact.
inline DoubleTensor Scrambled(Shape shape, uint32_t seed) {
  DoubleTensor tensor(std::move(shape));
  uint32_t state = seed * 2654435761u + 1;
  for (double& value : tensor.data) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<double>(state >> 28) - 8;
  }
  return tensor;
}

inline DoubleTensor Ones(Shape shape) {
  DoubleTensor tensor(std::move(shape));
  for (double& value : tensor.data) value = 1;
  return tensor;
}

inline FloatTensor Narrow(const DoubleTensor& tensor) {
  return FloatTensor(tensor.shape, std::vector<float>(tensor.data.begin(), tensor.data.end()));
}

inline Int64Tensor Int64s(Ints values) { return Int64Tensor({static_cast<int64_t>(values.size())}, values); }

}  // namespace lowbit::testing

#endif  // LOWBIT_CORE_TESTING_SINGLE_NODE_H_
