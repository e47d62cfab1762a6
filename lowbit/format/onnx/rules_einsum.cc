// Einsum: sums of products by names of dimensions, as transpositions and a product of matrices.

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

// "ij,jk->ik": a letter for each dimension. The dots of an ellipsis become digits, from the right.
struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

bool Has(const std::string& labels, char label) { return labels.find(label) != std::string::npos; }

// One label for each dimension, or nothing.
Result<std::string> ReplaceDots(const std::string& term, size_t rank) {
  const size_t dots = term.find("...");
  if (dots == std::string::npos) return term;
  const size_t hidden = rank + 3 - std::min(rank + 3, term.size());
  if (hidden > 10) return Invalid("has too many dimensions");
  std::string digits;
  for (size_t i = hidden; i > 0; --i) digits += static_cast<char>('0' + i - 1);
  return term.substr(0, dots) + digits + term.substr(dots + 3);
}

// Without an arrow: dimensions of an ellipsis, then the letters that occur once, in their order.
std::string ImpliedResult(const std::vector<std::string>& operands) {
  std::string digits, letters;
  for (const std::string& operand : operands) {
    for (const char label : operand) {
      if (std::isdigit(static_cast<unsigned char>(label)) != 0) {
        if (!Has(digits, label)) digits += label;
        continue;
      }
      size_t times = 0;
      for (const std::string& other : operands)
        times += static_cast<size_t>(std::count(other.begin(), other.end(), label));
      if (times == 1) letters += label;
    }
  }
  std::sort(digits.rbegin(), digits.rend());
  std::sort(letters.begin(), letters.end());
  return digits + letters;
}

Result<Equation> Parse(const Call& call) {
  std::string text = call.Text("equation", "");
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const Error wrong = Invalid("attribute 'equation' is '" + text + "', which does not fit its inputs");
  const auto strange = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) == 0 && !Has(".,->", c); };
  if (std::any_of(text.begin(), text.end(), strange)) return wrong;
  const size_t arrow = text.find("->");
  std::string terms = text.substr(0, arrow) + ",";
  Equation equation;
  for (size_t comma; (comma = terms.find(',')) != std::string::npos; terms.erase(0, comma + 1)) {
    const size_t i = equation.operands.size();
    if (i >= call.inputs.size() || !call.inputs[i].present) return wrong;
    LOWBIT_TRY(std::string labels, ReplaceDots(terms.substr(0, comma), call.inputs[i].rank()));
    if (labels.size() != call.inputs[i].rank() || Has(labels, '.')) return wrong;
    equation.operands.push_back(std::move(labels));
  }
  if (equation.operands.size() != call.inputs.size()) return wrong;
  equation.result = ImpliedResult(equation.operands);
  if (arrow == std::string::npos) return equation;
  // The dots of the result are those of the operands, that is the digits of the implied one.
  const auto letter = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) == 0; };
  const std::string given = text.substr(arrow + 2);
  const std::string digits(equation.result.begin(),
                           std::find_if(equation.result.begin(), equation.result.end(), letter));
  const size_t dots = given.find("...");
  equation.result = dots == std::string::npos ? given : given.substr(0, dots) + digits + given.substr(dots + 3);
  for (const char label : equation.result) {
    if (std::count(equation.result.begin(), equation.result.end(), label) != 1) return wrong;
    if (std::none_of(equation.operands.begin(), equation.operands.end(),
                     [&](const std::string& o) { return Has(o, label); })) {
      return wrong;
    }
  }
  return equation;
}

// An operand on its way: a label for each dimension, each once.
struct Operand {
  Value value;
  std::string labels;
};

Status SumOver(const std::string& labels, Operand* operand, Builder* builder) {
  std::vector<int64_t> axes;
  std::string kept;
  for (size_t i = 0; i < operand->labels.size(); ++i) {
    if (Has(labels, operand->labels[i])) {
      axes.push_back(static_cast<int64_t>(i));
    } else {
      kept += operand->labels[i];
    }
  }
  if (axes.empty()) return Ok();
  LOWBIT_TRY(operand->value,
             builder->Apply1("ReduceSum", {operand->value, Integers(axes)}, {{"keepdims", int64_t{0}}}));
  operand->labels = kept;
  return Ok();
}

Status Arrange(const std::string& labels, Operand* operand, Builder* builder) {
  if (operand->labels == labels) return Ok();
  std::vector<int64_t> order;
  for (const char label : labels) order.push_back(static_cast<int64_t>(operand->labels.find(label)));
  LOWBIT_TRY(operand->value, builder->Apply1("Transpose", {operand->value}, {{"perm", order}}));
  operand->labels = labels;
  return Ok();
}

// Puts an extent of 1 for each of the labels that the operand has not, in front.
Status Raise(const std::string& labels, Operand* operand, Builder* builder) {
  std::vector<int64_t> axes;
  std::string missing;
  for (const char label : labels) {
    if (Has(operand->labels, label)) continue;
    axes.push_back(static_cast<int64_t>(axes.size()));
    missing += label;
  }
  if (axes.empty()) return Ok();
  LOWBIT_TRY(operand->value, builder->Apply1("Unsqueeze", {operand->value, Integers(axes)}));
  operand->labels = missing + operand->labels;
  return Ok();
}

// The dimensions first, first + 1, ..., first + count - 1 as one. It may be that of the batch.
Status Merge(size_t first, size_t count, Operand* operand, Builder* builder) {
  if (count == 1) return Ok();
  std::array<ConstantPtr, kSizes> shapes;
  for (size_t size = 0; size < kSizes; ++size) {
    Shape shape = operand->value.shapes[size];
    int64_t extent = 1;
    for (size_t i = first; i < first + count; ++i) extent *= shape[i];
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(first),
                shape.begin() + static_cast<std::ptrdiff_t>(first + count));
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(first), extent);
    shapes[size] = MakeIntegers(shape);
  }
  LOWBIT_TRY(operand->value, builder->Apply1("Reshape", {operand->value, Builder::KnownForEach(shapes)}));
  return Ok();
}

// The labels of one that the other has, or has not, and of those the ones that the result has, or has not.
std::string Choose(const std::string& of, const std::string& other, bool shared) {
  std::string chosen;
  for (const char label : of) {
    if (Has(other, label) == shared) chosen += label;
  }
  return chosen;
}

// a [stack, rows, inner] times b [stack, inner, columns].
Result<Operand> Multiply(Operand a, Operand b, const std::string& result, Builder* builder) {
  // What only one of them has, and the result has not.
  LOWBIT_RETURN_IF_ERROR(SumOver(Choose(Choose(a.labels, b.labels, false), result, false), &a, builder));
  LOWBIT_RETURN_IF_ERROR(SumOver(Choose(Choose(b.labels, a.labels, false), result, false), &b, builder));
  const std::string both = Choose(a.labels, b.labels, true);
  const std::string stack = Choose(both, result, true), inner = Choose(both, result, false);
  const std::string rows = Choose(a.labels, both, false), columns = Choose(b.labels, both, false);
  if (inner.empty()) {
    // A product of elements, in which extents of 1 take the place of what the other has alone.
    const std::string all = stack + rows + columns;
    LOWBIT_RETURN_IF_ERROR(Raise(all, &a, builder));
    LOWBIT_RETURN_IF_ERROR(Raise(all, &b, builder));
    LOWBIT_RETURN_IF_ERROR(Arrange(all, &a, builder));
    LOWBIT_RETURN_IF_ERROR(Arrange(all, &b, builder));
    LOWBIT_TRY(a.value, builder->Apply1("Mul", {a.value, b.value}));
    return a;
  }
  LOWBIT_RETURN_IF_ERROR(Arrange(stack + rows + inner, &a, builder));
  LOWBIT_RETURN_IF_ERROR(Arrange(stack + inner + columns, &b, builder));
  std::array<Shape, kSizes> shapes;  // Of the result.
  for (size_t size = 0; size < kSizes; ++size) {
    const Shape &left = a.value.shapes[size], &right = b.value.shapes[size];
    for (size_t i = 0; i < stack.size(); ++i) shapes[size].push_back(std::max(left[i], right[i]));
    shapes[size].insert(shapes[size].end(), left.begin() + static_cast<std::ptrdiff_t>(stack.size()),
                        left.begin() + static_cast<std::ptrdiff_t>(stack.size() + rows.size()));
    shapes[size].insert(shapes[size].end(), right.end() - static_cast<std::ptrdiff_t>(columns.size()), right.end());
  }
  const bool matrices = rows.size() == 1 && columns.size() == 1;
  LOWBIT_RETURN_IF_ERROR(Merge(stack.size() + rows.size(), inner.size(), &a, builder));
  LOWBIT_RETURN_IF_ERROR(Merge(stack.size(), rows.size(), &a, builder));
  LOWBIT_RETURN_IF_ERROR(Merge(stack.size() + inner.size(), columns.size(), &b, builder));
  LOWBIT_RETURN_IF_ERROR(Merge(stack.size(), inner.size(), &b, builder));
  Call product;
  product.op = "MatMul";
  product.inputs = {a.value, b.value};
  LOWBIT_TRY(const std::vector<Value> values, Rules().at("MatMul")(std::move(product), builder));
  Operand made = {values[0], stack + rows + columns};
  if (matrices) return made;
  const Value shape = Builder::KnownForEach({MakeIntegers(shapes[0]), MakeIntegers(shapes[1])});
  LOWBIT_TRY(made.value, builder->Apply1("Reshape", {made.value, shape}));
  return made;
}

Outputs Einsum(Call call, Builder* builder) {
  LOWBIT_TRY(const Equation equation, Parse(call));
  std::vector<Operand> operands;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    const std::string& labels = equation.operands[i];
    if (std::set<char>(labels.begin(), labels.end()).size() != labels.size()) {
      return Invalid("attribute 'equation' is '" + call.Text("equation", "") + "': diagonals are not supported");
    }
    if (Elements(call.inputs[i].shape()) == 0) return Invalid("input " + std::to_string(i) + " is empty");
    operands.push_back({call.inputs[i], labels});
  }
  Operand made = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    // What later operands have too must stay.
    std::string needed = equation.result;
    for (size_t later = i + 1; later < operands.size(); ++later) needed += operands[later].labels;
    LOWBIT_TRY(made, Multiply(std::move(made), std::move(operands[i]), needed, builder));
  }
  LOWBIT_RETURN_IF_ERROR(SumOver(Choose(made.labels, equation.result, false), &made, builder));
  LOWBIT_RETURN_IF_ERROR(Arrange(equation.result, &made, builder));
  return std::vector<Value>{made.value};
}

}  // namespace

void AddEinsumRules(RuleTable* table) { (*table)["Einsum"] = Einsum; }

}  // namespace lowbit::onnx
