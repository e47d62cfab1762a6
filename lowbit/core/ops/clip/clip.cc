#include <algorithm>
#include <limits>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::clip {
namespace {

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (!inputs[i].present || Elements(inputs[i].shape) == 1) continue;
    return Invalid(std::string(i == 1 ? "min" : "max") + " must be one value; it has shape " +
                   ToString(inputs[i].shape));
  }
  return std::vector<Shape>{inputs[0].shape};
}

double LimitOr(const std::vector<const DoubleTensor*>& inputs, size_t i, double otherwise) {
  return i < inputs.size() && inputs[i] != nullptr ? inputs[i]->data[0] : otherwise;
}

// y = min(max(x, low), high): high wins where low > high.
std::vector<DoubleTensor> Evaluate(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double low = LimitOr(inputs, 1, -kInfinity), high = LimitOr(inputs, 2, kInfinity);
  return Map(*inputs[0], [low, high](double x) { return std::min(std::max(x, low), high); });
}

}  // namespace

std::vector<Operator> Define() { return {{.name = "Clip", .max_inputs = 3, .infer = Infer, .evaluate = Evaluate}}; }

}  // namespace lowbit::ops::clip
