// The functions of one element: y[i] = f(x[i]).

#include <algorithm>
#include <cmath>
#include <limits>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::unary {
namespace {

// A setting that the node gives as a float attribute.
struct Setting {
  const char* name = nullptr;
  double otherwise = 0;
};

struct Function {
  const char* name;
  double (*at)(double x, double a, double b);
  Setting a, b;
};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
// log(1 + exp(x)), without overflow.
double Softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double HardSigmoid(double x, double a, double b) { return std::clamp(a * x + b, 0.0, 1.0); }
double Shrink(double x, double limit, double bias) { return x < -limit ? x + bias : x > limit ? x - bias : 0; }

// Selu's constants make mean 0 and variance 1 a fixed point (Klambauer et al. 2017).
constexpr double kSeluAlpha = 1.67326319217681884765625, kSeluGamma = 1.05070102214813232421875;

const std::vector<Function>& Functions() {
  static const std::vector<Function> functions = {
      {"Abs", [](double x, double, double) { return std::abs(x); }, {}, {}},
      {"Acos", [](double x, double, double) { return std::acos(x); }, {}, {}},
      {"Acosh", [](double x, double, double) { return std::acosh(x); }, {}, {}},
      {"Asin", [](double x, double, double) { return std::asin(x); }, {}, {}},
      {"Asinh", [](double x, double, double) { return std::asinh(x); }, {}, {}},
      {"Atan", [](double x, double, double) { return std::atan(x); }, {}, {}},
      {"Atanh", [](double x, double, double) { return std::atanh(x); }, {}, {}},
      {"Ceil", [](double x, double, double) { return std::ceil(x); }, {}, {}},
      {"Celu", [](double x, double a, double) { return x > 0 ? x : a * std::expm1(x / a); }, {"alpha", 1}, {}},
      {"Cos", [](double x, double, double) { return std::cos(x); }, {}, {}},
      {"Cosh", [](double x, double, double) { return std::cosh(x); }, {}, {}},
      {"Elu", [](double x, double a, double) { return x > 0 ? x : a * std::expm1(x); }, {"alpha", 1}, {}},
      {"Erf", [](double x, double, double) { return std::erf(x); }, {}, {}},
      {"Exp", [](double x, double, double) { return std::exp(x); }, {}, {}},
      {"Floor", [](double x, double, double) { return std::floor(x); }, {}, {}},
      {"HardSigmoid", HardSigmoid, {"alpha", 0.2}, {"beta", 0.5}},
      {"HardSwish", [](double x, double, double) { return x * HardSigmoid(x, 1.0 / 6, 0.5); }, {}, {}},
      {"Identity", [](double x, double, double) { return x; }, {}, {}},
      {"IsNaN", [](double x, double, double) { return std::isnan(x) ? 1.0 : 0.0; }, {}, {}},
      {"LeakyRelu", [](double x, double a, double) { return x < 0 ? a * x : x; }, {"alpha", 0.01}, {}},
      {"Log", [](double x, double, double) { return std::log(x); }, {}, {}},
      {"Mish", [](double x, double, double) { return x * std::tanh(Softplus(x)); }, {}, {}},
      {"Neg", [](double x, double, double) { return -x; }, {}, {}},
      {"Not", [](double x, double, double) { return x == 0 ? 1.0 : 0.0; }, {}, {}},
      {"Reciprocal", [](double x, double, double) { return 1 / x; }, {}, {}},
      {"Relu", [](double x, double, double) { return std::max(x, 0.0); }, {}, {}},
      // Halves to even, as the default rounding mode has it.
      {"Round", [](double x, double, double) { return std::nearbyint(x); }, {}, {}},
      {"Selu",
       [](double x, double a, double g) { return g * (x > 0 ? x : a * std::expm1(x)); },
       {"alpha", kSeluAlpha},
       {"gamma", kSeluGamma}},
      {"Shrink", Shrink, {"lambd", 0.5}, {"bias", 0}},
      {"Sigmoid", [](double x, double, double) { return Sigmoid(x); }, {}, {}},
      {"Sign", [](double x, double, double) { return static_cast<double>((x > 0) - (x < 0)); }, {}, {}},
      {"Sin", [](double x, double, double) { return std::sin(x); }, {}, {}},
      {"Sinh", [](double x, double, double) { return std::sinh(x); }, {}, {}},
      {"Softplus", [](double x, double, double) { return Softplus(x); }, {}, {}},
      {"Softsign", [](double x, double, double) { return x / (1 + std::abs(x)); }, {}, {}},
      {"Sqrt", [](double x, double, double) { return std::sqrt(x); }, {}, {}},
      {"Tan", [](double x, double, double) { return std::tan(x); }, {}, {}},
      {"Tanh", [](double x, double, double) { return std::tanh(x); }, {}, {}},
      {"ThresholdedRelu", [](double x, double a, double) { return x > a ? x : 0; }, {"alpha", 1}, {}},
  };
  return functions;
}

double Read(const Node& node, const Setting& setting) {
  return setting.name == nullptr ? 0 : FloatAttribute(node, setting.name, setting.otherwise);
}

// REQUIRES: the node's operator is one of Functions().
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const Function& function = *std::find_if(Functions().begin(), Functions().end(),
                                           [&](const Function& candidate) { return candidate.name == node.op; });
  const double a = Read(node, function.a), b = Read(node, function.b);
  return Map(*inputs[0], [&](double x) { return function.at(x, a, b); });
}

// IsInf chooses the signs that count; both attributes are integers.
std::vector<DoubleTensor> EvaluateIsInf(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const bool negative = IntAttribute(node, "detect_negative", 1) != 0;
  const bool positive = IntAttribute(node, "detect_positive", 1) != 0;
  return Map(*inputs[0], [=](double x) { return std::isinf(x) && (x > 0 ? positive : negative) ? 1.0 : 0.0; });
}

// x * Phi(x), or with approximate = "tanh" the older formula for it (Hendrycks and Gimpel 2016).
std::vector<DoubleTensor> EvaluateGelu(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const double pi = std::acos(-1.0);
  if (StringAttribute(node, "approximate", "none") == "tanh") {
    const double factor = std::sqrt(2 / pi);
    return Map(*inputs[0], [=](double x) { return x / 2 * (1 + std::tanh(factor * (x + 0.044715 * x * x * x))); });
  }
  return Map(*inputs[0], [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); });
}

}  // namespace

std::vector<Operator> Define() {
  std::vector<Operator> operators;
  for (const Function& function : Functions()) {
    Operator op = {.name = function.name, .infer = InferSameShape, .evaluate = Evaluate};
    for (const Setting& setting : {function.a, function.b}) {
      if (setting.name != nullptr) op.attributes.push_back({setting.name, AttributeType::kFloat});
    }
    operators.push_back(std::move(op));
  }
  operators.push_back(
      {.name = "IsInf",
       .attributes = {{"detect_negative", AttributeType::kInt}, {"detect_positive", AttributeType::kInt}},
       .infer = InferSameShape,
       .evaluate = EvaluateIsInf});
  operators.push_back({.name = "Gelu",
                       .attributes = {{"approximate", AttributeType::kString}},
                       .infer = InferSameShape,
                       .evaluate = EvaluateGelu});
  return operators;
}

}  // namespace lowbit::ops::unary
