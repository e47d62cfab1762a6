#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/axis.h"

namespace lowbit::ops::softmax {
namespace {

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_RETURN_IF_ERROR(ResolveAxis(IntAttribute(node, "axis", -1), inputs[0].shape.size()));
  return std::vector<Shape>{inputs[0].shape};
}

// y[i] = exp(x[i] - largest) / sum over j of exp(x[j] - largest), along the axis.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const AxisSplit split = SplitAt(x.shape, ResolveAxis(IntAttribute(node, "axis", -1), x.shape.size()).value());
  DoubleTensor y(x.shape);
  for (int64_t line = 0; line < split.outer * split.inner; ++line) {
    const int64_t first = line / split.inner * split.extent * split.inner + line % split.inner;
    const auto at = [&](int64_t i) { return static_cast<size_t>(first + i * split.inner); };
    double largest = x.data[at(0)];
    for (int64_t i = 1; i < split.extent; ++i) largest = std::max(largest, x.data[at(i)]);
    double sum = 0;
    for (int64_t i = 0; i < split.extent; ++i) sum += y.data[at(i)] = std::exp(x.data[at(i)] - largest);
    for (int64_t i = 0; i < split.extent; ++i) y.data[at(i)] /= sum;
  }
  return {std::move(y)};
}

}  // namespace

Operator Define() {
  return {
      .name = "Softmax",
      .attributes = {{"axis", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = Evaluate,
  };
}

}  // namespace lowbit::ops::softmax
