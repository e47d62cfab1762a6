#include <algorithm>
#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/axis.h"

namespace lowbit::ops::concat {
namespace {

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  Shape shape = inputs[0].shape;
  LOWBIT_TRY(const size_t axis, ResolveAxis(IntAttribute(node, "axis", 0), shape.size()));
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (!inputs[i].present) return Invalid("input " + std::to_string(i) + " is left out; all are needed");
    Shape expected = inputs[i].shape;
    if (axis < expected.size()) expected[axis] = inputs[0].shape[axis];
    if (expected != inputs[0].shape) {
      return Invalid("input " + std::to_string(i) + " of shape " + ToString(inputs[i].shape) + " does not fit " +
                     ToString(inputs[0].shape) + " beside axis " + std::to_string(axis));
    }
    shape[axis] += inputs[i].shape[axis];
  }
  return std::vector<Shape>{std::move(shape)};
}

// The inputs one after the other along the axis.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  Shape shape = inputs[0]->shape;
  const size_t axis = ResolveAxis(IntAttribute(node, "axis", 0), shape.size()).value();
  for (size_t i = 1; i < inputs.size(); ++i) shape[axis] += inputs[i]->shape[axis];
  DoubleTensor y(shape);
  auto out = y.data.begin();
  for (int64_t outer = 0; outer < SplitAt(shape, axis).outer; ++outer) {
    for (const DoubleTensor* x : inputs) {
      const AxisSplit split = SplitAt(x->shape, axis);
      const int64_t run = split.extent * split.inner;
      out = std::copy_n(x->data.begin() + outer * run, run, out);
    }
  }
  return {std::move(y)};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "Concat",
      .max_inputs = kAnyNumber,
      .attributes = {{"axis", AttributeType::kInt, true}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::concat
