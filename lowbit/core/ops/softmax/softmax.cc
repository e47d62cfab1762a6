// Softmax and its relatives: each line along an axis becomes another of the same length.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/axis.h"

namespace lowbit::ops::softmax {
namespace {

using Line = std::vector<double>;

// y[i] = x[i] - log(sum over j of exp(x[j])), shifted by the largest so that nothing overflows.
void LogSoftmax(const Node&, Line* line) {
  const double largest = *std::max_element(line->begin(), line->end());
  double sum = 0;
  for (const double x : *line) sum += std::exp(x - largest);
  for (double& x : *line) x = x - largest - std::log(sum);
}

// y[i] = exp(x[i]) / sum over j of exp(x[j])
void Softmax(const Node&, Line* line) {
  const double largest = *std::max_element(line->begin(), line->end());
  double sum = 0;
  for (double& x : *line) sum += x = std::exp(x - largest);
  for (double& x : *line) x /= sum;
}

// 1 at the first of the largest, 0 elsewhere.
void Hardmax(const Node&, Line* line) {
  const auto largest = std::max_element(line->begin(), line->end());
  const size_t at = static_cast<size_t>(largest - line->begin());
  std::fill(line->begin(), line->end(), 0.0);
  (*line)[at] = 1;
}

// y = x / norm(x) with the norm of sums (p = 1) or of squares (p = 2); 0 stays 0.
void LpNormalization(const Node& node, Line* line) {
  const bool squares = IntAttribute(node, "p", 2) == 2;
  double norm = 0;
  for (const double x : *line) norm += squares ? x * x : std::abs(x);
  if (squares) norm = std::sqrt(norm);
  if (norm == 0) return;
  for (double& x : *line) x /= norm;
}

struct Function {
  const char* name;
  void (*change)(const Node& node, Line* line);
};

constexpr Function kFunctions[] = {
    {"Hardmax", Hardmax}, {"LogSoftmax", LogSoftmax}, {"LpNormalization", LpNormalization}, {"Softmax", Softmax}};

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_RETURN_IF_ERROR(ResolveAxis(IntAttribute(node, "axis", -1), inputs[0].shape.size()));
  const int64_t p = IntAttribute(node, "p", 2);
  if (p != 1 && p != 2) return Invalid("attribute 'p' must be 1 or 2; it is " + std::to_string(p));
  return std::vector<Shape>{inputs[0].shape};
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const Function& function = *std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                           [&](const Function& candidate) { return candidate.name == node.op; });
  const size_t axis = ResolveAxis(IntAttribute(node, "axis", -1), inputs[0]->shape.size()).value();
  return {MapLines(*inputs[0], axis, [&](Line* line) { function.change(node, line); })};
}

bool MixesImages(const Node& node, const std::vector<InputView>& inputs) {
  return ResolveAxis(IntAttribute(node, "axis", -1), inputs[0].shape.size()).value() == 0;
}

}  // namespace

std::vector<Operator> Define() {
  std::vector<Operator> operators;
  for (const Function& function : kFunctions) {
    Operator op = {.name = function.name,
                   .attributes = {{"axis", AttributeType::kInt}},
                   .infer = Infer,
                   .evaluate = Evaluate,
                   .mixes_images = MixesImages};
    if (op.name == "LpNormalization") op.attributes.push_back({"p", AttributeType::kInt});
    operators.push_back(std::move(op));
  }
  return operators;
}

}  // namespace lowbit::ops::softmax
