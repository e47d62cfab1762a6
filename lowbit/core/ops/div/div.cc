#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::div {
Operator Define() {
  return {
      .name = "Div",
      .min_inputs = 2,
      .max_inputs = 2,
      .infer = InferBroadcast,
      .evaluate =
          [](const Node&, const std::vector<const DoubleTensor*>& inputs) {
            return MapPairs(*inputs[0], *inputs[1], [](double a, double b) { return a / b; });
          },
  };
}

}  // namespace lowbit::ops::div
