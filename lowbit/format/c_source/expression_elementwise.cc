// Functions of one element, or of two.

#include <fmt/format.h>

#include <map>

#include "lowbit/core/integer_form.h"
#include "lowbit/core/uniform_grid.h"
#include "lowbit/format/c_source/expression.h"

namespace lowbit::c_source {
namespace {

const char* SymbolOf(const std::string& op) {
  static const std::map<std::string, const char*> symbols = {{"Add", "+"}, {"Sub", "-"}, {"Mul", "*"}, {"Div", "/"}};
  const auto found = symbols.find(op);
  return found == symbols.end() ? nullptr : found->second;
}

// The product with an attribute, which is a double: in floats where it is one.
std::string Times(double factor, const std::string& x) {
  const auto narrow = static_cast<float>(factor);
  if (static_cast<double>(narrow) == factor) return fmt::format("{} * {}", FloatLiteral(narrow), x);
  return fmt::format("(float)({} * (double){})", DoubleLiteral(factor), x);
}

// Computed in double and rounded once, as lowbit/core/ops/unary defines them. {0}: x as a double.
const std::map<std::string, const char*>& DoubleFunctions() {
  static const std::map<std::string, const char*> functions = {
      {"Sigmoid", "1.0 / (1.0 + exp(-{0}))"},
      {"Tanh", "tanh({0})"},
      {"Exp", "exp({0})"},
      {"Sqrt", "sqrt({0})"},
      {"Softplus", "fmax({0}, 0.0) + log1p(exp(-fabs({0})))"},
      {"HardSigmoid", "fmin(fmax({1} * {0} + {2}, 0.0), 1.0)"},
      {"HardSwish", "{0} * fmin(fmax(1.0 / 6.0 * {0} + 0.5, 0.0), 1.0)"},
      {"Elu", "{0} > 0.0 ? {0} : {1} * expm1({0})"},
  };
  return functions;
}

}  // namespace

Term Expression::Elementwise(const Node& node, const Place& place) {
  Term in = Operand(node, 0, place);
  if (node.op == "Identity" || node.op == "Dropout") return in;
  if (node.op == "Relu") return Declare(fmt::format("{0} < 0 ? 0 : {0}", in.text), in.integer);
  const std::string x = AsFloat(in);
  if (const char* symbol = SymbolOf(node.op)) {
    return Declare(fmt::format("{} {} {}", x, symbol, AsFloat(Operand(node, 1, place))), false);
  }
  if (in.integer) in = Declare(x, false);
  if (node.op == "LeakyRelu") {
    return Declare(fmt::format("{0} < 0 ? {1} : {0}", in.text, Times(FloatAttribute(node, "alpha", .01), in.text)),
                   false);
  }
  if (node.op == "PRelu") {
    return Declare(fmt::format("{0} < 0 ? {1} * {0} : {0}", in.text, Operand(node, 1, place).text), false);
  }
  if (node.op == "Clip") {
    if (HasInput(node, 1))
      in = Declare(fmt::format("{0} < {1} ? {1} : {0}", in.text, Operand(node, 1, place).text), false);
    if (HasInput(node, 2))
      in = Declare(fmt::format("{1} < {0} ? {1} : {0}", in.text, Operand(node, 2, place).text), false);
    return in;
  }
  if (node.op == "Abs") return Declare(fmt::format("fabsf({})", in.text), false);
  if (node.op == "Neg") return Declare("-" + in.text, false);
  if (node.op == "Sign") return Declare(fmt::format("(float)(({0} > 0) - ({0} < 0))", in.text), false);
  const std::string wide = Fresh("d");
  body_.Line(fmt::format("const double {} = (double){};", wide, in.text));
  const double alpha = FloatAttribute(node, "alpha", node.op == "HardSigmoid" ? .2 : 1);
  const std::string formula = fmt::format(fmt::runtime(DoubleFunctions().at(node.op)), wide, DoubleLiteral(alpha),
                                          DoubleLiteral(FloatAttribute(node, "beta", .5)));
  return Declare(fmt::format("(float)({})", formula), false);
}

Term Expression::Quantizer(const Node& node, const Place& place) {
  const Term in = Operand(node, 0, place);
  const std::string x = AsFloat(in);
  if (node.op == "BipolarQuant") return Declare(fmt::format("{} >= 0 ? 1 : -1", in.text), true);
  if (node.op == "LevelQuant") {
    const std::vector<float>&thresholds = network_.Floats(node.inputs[2])->data,
          &levels = network_.Floats(node.inputs[3])->data;
    const std::string name = module_->Numbers(network_.ElementOf(node.outputs[0]), levels);
    return Declare(fmt::format("{}[{}({}, {}, {})]", name, module_->support().Level(), x, module_->Floats(thresholds),
                               thresholds.size()),
                   true);
  }
  const Range range = *network_.RangeOf(node.outputs[0]);
  return Declare(fmt::format("{}({}, {}, {})", module_->support().Quantize(), x, range.low, range.high), true);
}

}  // namespace lowbit::c_source
