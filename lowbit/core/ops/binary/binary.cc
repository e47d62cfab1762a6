// The functions of two elements, with broadcasting: y[i] = f(a[i], b[i]). Truth values are 0 and 1.

#include <algorithm>
#include <cmath>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::binary {
namespace {

struct Function {
  const char* name;
  double (*at)(double a, double b);
};

// The remainder with the divisor's sign.
double Modulo(double a, double b) { return a - b * std::floor(a / b); }

const std::vector<Function>& Functions() {
  static const std::vector<Function> functions = {
      {"Add", [](double a, double b) { return a + b; }},
      {"And", [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }},
      {"Div", [](double a, double b) { return a / b; }},
      {"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
      {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
      {"GreaterOrEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
      {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
      {"LessOrEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
      {"Mod", Modulo},
      {"Mul", [](double a, double b) { return a * b; }},
      {"Or", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }},
      {"Pow", [](double a, double b) { return std::pow(a, b); }},
      {"Sub", [](double a, double b) { return a - b; }},
      {"Xor", [](double a, double b) { return (a != 0) != (b != 0) ? 1.0 : 0.0; }},
  };
  return functions;
}

// REQUIRES: the node's operator is one of Functions().
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const Function& function = *std::find_if(Functions().begin(), Functions().end(),
                                           [&](const Function& candidate) { return candidate.name == node.op; });
  // Mod's other remainder has the dividend's sign, as C's fmod.
  if (IntAttribute(node, "fmod", 0) != 0) {
    return MapPairs(*inputs[0], *inputs[1], [](double a, double b) { return std::fmod(a, b); });
  }
  return MapPairs(*inputs[0], *inputs[1], function.at);
}

}  // namespace

std::vector<Operator> Define() {
  std::vector<Operator> operators;
  for (const Function& function : Functions()) {
    Operator op = {
        .name = function.name, .min_inputs = 2, .max_inputs = 2, .infer = InferBroadcast, .evaluate = Evaluate};
    if (op.name == "Mod") op.attributes = {{"fmod", AttributeType::kInt}};
    operators.push_back(std::move(op));
  }
  return operators;
}

}  // namespace lowbit::ops::binary
