#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::p_relu {
namespace {

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  const Result<Shape> shape = BroadcastShape(inputs[0].shape, inputs[1].shape);
  if (shape.ok() && shape.value() == inputs[0].shape) return std::vector<Shape>{inputs[0].shape};
  return Invalid("slope of shape " + ToString(inputs[1].shape) + " does not broadcast to " + ToString(inputs[0].shape));
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "PRelu",
      .min_inputs = 2,
      .max_inputs = 2,
      .infer = Infer,
      .evaluate =
          [](const Node&, const std::vector<const DoubleTensor*>& inputs) {
            return MapPairs(*inputs[0], *inputs[1], [](double x, double slope) { return x < 0 ? slope * x : x; });
          },
  }};
}

}  // namespace lowbit::ops::p_relu
