#include <cmath>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::tanh {
Operator Define() {
  return {
      .name = "Tanh",
      .infer = InferSameShape,
      .evaluate =
          [](const Node&, const std::vector<const DoubleTensor*>& inputs) {
            return Map(*inputs[0], [](double x) { return std::tanh(x); });
          },
  };
}

}  // namespace lowbit::ops::tanh
