#ifndef LOWBIT_RUNTIME_TESTING_ERROR_BOUND_H_
#define LOWBIT_RUNTIME_TESTING_ERROR_BOUND_H_

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/operator.h"
#include "lowbit/runtime/bounded_value.h"
#include "lowbit/runtime/fallback.h"
#include "lowbit/runtime/recurrent_bound.h"

namespace lowbit::runtime::testing {

using BoundedValues = std::map<std::string, BoundedValue>;

inline DoubleTensor Map2(const DoubleTensor& a, const DoubleTensor& b, double (*function)(double, double)) {
  DoubleTensor y(a.shape);
  for (size_t i = 0; i < y.data.size(); ++i) y.data[i] = function(a.data[i], b.data[i]);
  return y;
}

inline DoubleTensor Plus(const DoubleTensor& a, const DoubleTensor& b) {
  return Map2(a, b, [](double p, double q) { return p + q; });
}

inline DoubleTensor Scaled(DoubleTensor a, double factor) {
  for (double& value : a.data) value *= factor;
  return a;
}

inline DoubleTensor Magnitude(DoubleTensor a) {
  for (double& value : a.data) value = std::abs(value);
  return a;
}

// |x| + E: no float that stands for x is larger.
inline DoubleTensor Largest(const BoundedValue& x) { return Plus(Magnitude(x.value), x.error); }

// The operator on other numbers.
inline DoubleTensor Apply(const Node& node, std::vector<DoubleTensor> inputs, const Operands& present) {
  std::vector<const DoubleTensor*> pointers;
  for (size_t i = 0; i < inputs.size(); ++i) pointers.push_back(present[i] == nullptr ? nullptr : &inputs[i]);
  return FindOperator(node.op)->evaluate(node, pointers)[0];
}

inline DoubleTensor ProductError(const Node& node, const Operands& x) {
  const DoubleTensor weight = Magnitude(x[1]->value);
  const DoubleTensor no_bias = x.size() > 2 && x[2] != nullptr ? Scaled(x[2]->value, 0) : DoubleTensor();
  const DoubleTensor bias = x.size() > 2 && x[2] != nullptr ? Magnitude(x[2]->value) : DoubleTensor();
  int64_t terms = x[0]->value.shape[1];  // Gemm
  if (node.op == "Conv") terms = Elements(weight.shape) / weight.shape[0];
  if (node.op == "ConvTranspose") terms = Elements(weight.shape) / weight.shape[1];
  const auto with = [&](const DoubleTensor& input, const DoubleTensor& b) {
    std::vector<DoubleTensor> inputs = {input, weight};
    if (x.size() > 2) inputs.push_back(b);
    return Apply(node, std::move(inputs), x);
  };
  return Plus(with(x[0]->error, no_bias), Scaled(with(Largest(*x[0]), bias), FloatGamma(terms + 8)));
}

inline DoubleTensor BatchNormError(const Node& node, const Operands& x) {
  const auto with = [&](const DoubleTensor& input, double sign) {
    // op of |scale| * (input + sign * |mean|) + sign * |bias|.
    return Apply(node,
                 {input, Magnitude(x[1]->value), Scaled(Magnitude(x[2]->value), sign),
                  Scaled(Magnitude(x[3]->value), -sign), x[4]->value},
                 x);
  };
  return Plus(with(x[0]->error, 0), Scaled(with(Largest(*x[0]), 1), FloatGamma(8)));
}

inline DoubleTensor ArithmeticError(const Node& node, const Operands& x) {
  Node op = node;
  const double rounding = FloatGamma(8);
  if (node.op == "Mul") {
    const DoubleTensor first = Apply(op, {Magnitude(x[0]->value), x[1]->error}, x);
    const DoubleTensor second = Apply(op, {x[0]->error, Largest(*x[1])}, x);
    return Plus(Plus(first, second), Scaled(Apply(op, {Largest(*x[0]), Largest(*x[1])}, x), rounding));
  }
  op.op = "Add";
  return Plus(Apply(op, {x[0]->error, x[1]->error}, x),
              Scaled(Apply(op, {Largest(*x[0]), Largest(*x[1])}, x), rounding));
}

inline DoubleTensor AveragePoolError(const Node& node, const Operands& x) {
  const Shape& in = x[0]->value.shape;
  const std::vector<int64_t> kernel = IntsAttribute(node, "kernel_shape", {in[2], in[3]});
  return Plus(Apply(node, {x[0]->error}, x),
              Scaled(Apply(node, {Largest(*x[0])}, x), FloatGamma(kernel[0] * kernel[1] + 2)));
}

// Means with weights of at most 1 that add up to 1: of `terms` elements.
inline DoubleTensor MeanError(const Node& node, const Operands& x, int64_t terms) {
  const auto with = [&](const DoubleTensor& input) {
    std::vector<DoubleTensor> inputs = {input};
    for (size_t i = 1; i < x.size(); ++i) inputs.push_back(x[i] == nullptr ? DoubleTensor() : x[i]->value);
    return Apply(node, std::move(inputs), x);
  };
  return Plus(with(x[0]->error), Scaled(with(Largest(*x[0])), FloatGamma(terms + 2)));
}

inline DoubleTensor SoftmaxError(const Operands& x, const DoubleTensor& y) {
  const double largest = *std::max_element(x[0]->error.data.begin(), x[0]->error.data.end());
  const double growth = std::min(std::expm1(2 * largest), 1e300);
  const auto [low, high] = std::minmax_element(x[0]->value.data.begin(), x[0]->value.data.end());
  const double spread = *high - *low + 2 * largest;
  const double own = (2 * spread + static_cast<double>(y.data.size()) + 6) * 0x1p-24;  // kernels/softmax/kernel.h
  DoubleTensor error = Scaled(y, growth + own * (1 + growth));
  for (double& e : error.data) e = std::min(e, 1.0);
  return error;
}

inline DoubleTensor FunctionError(const Operands& x, const DoubleTensor& y, double slope) {
  const DoubleTensor moved = Scaled(x[0]->error, slope);
  return Plus(moved, Scaled(Plus(Magnitude(y), moved), FloatGamma(8)));
}

// Bounds of kernels/unary/kernel.h: at most 8 u |y| + of_x |x| + alone, and the largest slope.
struct FunctionBound {
  double slope = 1, of_x = 0, alone = 0;
};

inline const FunctionBound* FindFunctionBound(const std::string& op) {
  constexpr double kUnit = 0x1p-24;
  static const std::map<std::string, FunctionBound> bounds = {{"Relu", {}},
                                                              {"Clip", {}},
                                                              {"Sigmoid", {}},
                                                              {"Tanh", {}},
                                                              {"LeakyRelu", {}},
                                                              {"Softplus", {}},
                                                              {"Elu", {1, 0, 4 * kUnit}},
                                                              {"HardSigmoid", {1, kUnit, 3 * kUnit}},
                                                              {"HardSwish", {1.5, 6 * kUnit, 0}},
                                                              {"Gelu", {1.2, 0x1p-19 + 3 * kUnit, 0}},
                                                              {"Mish", {1.2, 20 * kUnit, 0}}};
  const auto found = bounds.find(op);
  return found == bounds.end() ? nullptr : &found->second;
}

inline DoubleTensor BoundedFunctionError(const Operands& x, const DoubleTensor& y, const FunctionBound& bound) {
  DoubleTensor error = Plus(FunctionError(x, y, bound.slope), Scaled(Largest(*x[0]), bound.of_x));
  for (double& e : error.data) e += bound.alone;
  return error;
}

// Of all outputs of an operator that moves its first input.
inline std::vector<DoubleTensor> MovedErrors(const Node& node, const Operands& x) {
  std::vector<const DoubleTensor*> errors = {&x[0]->error};
  for (size_t i = 1; i < x.size(); ++i) errors.push_back(x[i] == nullptr ? nullptr : &x[i]->value);
  return FindOperator(node.op)->evaluate(node, errors);
}

// Errors move with the values; what is added (padding, limits) has none.
inline DoubleTensor MovedError(const Node& node, const Operands& x) {
  std::vector<DoubleTensor> errors;
  for (const BoundedValue* input : x) errors.push_back(input == nullptr ? DoubleTensor() : input->error);
  // Operands that are shapes, pads and scales keep their values.
  if (node.op == "Reshape" || node.op == "Pad") errors[1] = x[1]->value;
  if (node.op == "Resize") errors[2] = x[2]->value;
  return Apply(node, std::move(errors), x);
}

inline DoubleTensor NodeError(const Node& node, const Operands& x, const DoubleTensor& y) {
  static const std::set<std::string> moves = {"MaxPool",  "Flatten", "Reshape", "Dropout",
                                              "Identity", "Concat",  "Pad",     "Transpose"};
  if (node.op == "Conv" || node.op == "ConvTranspose" || node.op == "Gemm") return ProductError(node, x);
  if (node.op == "BatchNormalization") return BatchNormError(node, x);
  if (node.op == "Add" || node.op == "Sub" || node.op == "Mul") return ArithmeticError(node, x);
  if (node.op == "AveragePool" || node.op == "GlobalAveragePool") return AveragePoolError(node, x);
  if (node.op == "Softmax") return SoftmaxError(x, y);
  if (moves.count(node.op) != 0) return MovedError(node, x);
  if (const FunctionBound* bound = FindFunctionBound(node.op)) return BoundedFunctionError(x, y, *bound);
  if (node.op == "ReduceMean") return MeanError(node, x, Elements(x[0]->value.shape) / Elements(y.shape));
  if (node.op == "Resize")
    return StringAttribute(node, "mode", "nearest") == "nearest" ? MovedError(node, x) : MeanError(node, x, 8);
  if (node.op == "Max") return Apply(node, {x[0]->error, x[1]->error}, x);
  LOWBIT_CHECK(node.op == "PRelu");
  double slope = 1;
  for (const double s : x[1]->value.data) slope = std::max(slope, std::abs(s));
  return FunctionError(x, y, slope);
}

// Every value of the graph with a bound of the error that the runtime's float arithmetic makes, propagated from node to
// node. With E the bound of an operand, u = 2^-24, gamma(n) = n u / (1 - n u):
//
//   Conv, Gemm, ConvTranspose of K terms
//                           op(E, |w|) + gamma(K + 8) * (op(|x| + E, |w|) + |bias|)
//   BatchNormalization      |f| E + gamma(8) * (|f| (|x| + E + |mean|) + |bias|), f = scale / sqrt(var + epsilon)
//   Add, Sub                Ea + Eb + gamma(8) (|a| + Ea + |b| + Eb)
//   Mul                     |a| Eb + |b| Ea + Ea Eb + gamma(8) (|a| + Ea) (|b| + Eb)
//   AveragePool of n        op(E) + gamma(n + 2) op(|x| + E)
//   ReduceMean, linear Resize  the same with the mean's terms
//   Softmax                 y (exp(2 max E) - 1) + the kernel's bound (y + that), as every exponential changes by a factor
//                           of at most exp(max E); never more than 1
//   Recurrence              as recurrent_bound.h says
//   others                  move, choose or clip values (op(E); MaxPool: the largest E of the window), or are functions
//                           with a slope of at most L: L E + gamma(8) (|y| + L E), and what FindFunctionBound adds
//
// The 8 stands for the roundings of folded scales, shifts and residuals, of which no chain that the runtime makes of
// these nodes has more than that.
// REQUIRES: the graph is valid and uses only operators that the implementation lists.
inline BoundedValues EvaluateWithBounds(const Graph& graph, const std::map<std::string, DoubleTensor>& inputs) {
  BoundedValues values;
  const auto add = [&](const std::string& name, DoubleTensor value) {
    DoubleTensor error = Scaled(value, 0);
    values[name] = {std::move(value), std::move(error)};
  };
  for (const auto& [name, value] : inputs) add(name, value);
  for (const auto& [name, parameter] : graph.parameters) add(name, WidenParameter(parameter));
  auto computed = Evaluate(graph, inputs);
  LOWBIT_CHECK(computed.ok());
  for (const Node& node : graph.nodes) {
    Operands operands;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      operands.push_back(HasInput(node, i) ? &values.at(node.inputs[i]) : nullptr);
    }
    const DoubleTensor& y = computed.value().at(node.outputs[0]);
    std::vector<DoubleTensor> errors;
    if (node.op == "Recurrence") {
      errors = RecurrenceErrors(node, operands);
    } else if (node.op == "Split") {
      errors = MovedErrors(node, operands);
    } else {
      errors.push_back(NodeError(node, operands, y));
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      values[node.outputs[i]] = {computed.value().at(node.outputs[i]), std::move(errors[i])};
    }
  }
  return values;
}

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_ERROR_BOUND_H_
