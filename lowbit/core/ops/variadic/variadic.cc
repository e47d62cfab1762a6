// Max, Min, Sum and Mean of any number of tensors that broadcast to each other.

#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::variadic {
namespace {

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  Shape shape = inputs[0].shape;
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (!inputs[i].present) return Invalid("input " + std::to_string(i) + " is left out; all are needed");
    LOWBIT_TRY(shape, BroadcastShape(shape, inputs[i].shape));
  }
  return std::vector<Shape>{std::move(shape)};
}

template <typename Function>
DoubleTensor Combine(const std::vector<const DoubleTensor*>& inputs, Function function) {
  DoubleTensor result = *inputs[0];
  for (size_t i = 1; i < inputs.size(); ++i) result = std::move(MapPairs(result, *inputs[i], function)[0]);
  return result;
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  if (node.op == "Max") return {Combine(inputs, [](double a, double b) { return std::max(a, b); })};
  if (node.op == "Min") return {Combine(inputs, [](double a, double b) { return std::min(a, b); })};
  const DoubleTensor sum = Combine(inputs, [](double a, double b) { return a + b; });
  const double count = node.op == "Mean" ? static_cast<double>(inputs.size()) : 1;
  return Map(sum, [count](double x) { return x / count; });
}

}  // namespace

std::vector<Operator> Define() {
  std::vector<Operator> operators;
  for (const char* name : {"Max", "Mean", "Min", "Sum"}) {
    operators.push_back({.name = name, .max_inputs = kAnyNumber, .infer = Infer, .evaluate = Evaluate});
  }
  return operators;
}

}  // namespace lowbit::ops::variadic
