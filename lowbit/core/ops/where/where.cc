#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::where {
namespace {

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const Shape values, BroadcastShape(inputs[1].shape, inputs[2].shape));
  LOWBIT_TRY(Shape shape, BroadcastShape(inputs[0].shape, values));
  return std::vector<Shape>{std::move(shape)};
}

// y[i] = condition[i] ? a[i] : b[i]
std::vector<DoubleTensor> Evaluate(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  const Shape values = BroadcastShape(inputs[1]->shape, inputs[2]->shape).value();
  const Shape shape = BroadcastShape(inputs[0]->shape, values).value();
  const DoubleTensor condition = BroadcastTo(*inputs[0], shape), b = BroadcastTo(*inputs[2], shape);
  DoubleTensor y = BroadcastTo(*inputs[1], shape);
  for (size_t i = 0; i < y.data.size(); ++i) {
    if (condition.data[i] == 0) y.data[i] = b.data[i];
  }
  return {std::move(y)};
}

}  // namespace

std::vector<Operator> Define() {
  return {{.name = "Where", .min_inputs = 3, .max_inputs = 3, .infer = Infer, .evaluate = Evaluate}};
}

}  // namespace lowbit::ops::where
