#include <cmath>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::sigmoid {
Operator Define() {
  return {
      .name = "Sigmoid",
      .infer = InferSameShape,
      .evaluate =
          [](const Node&, const std::vector<const DoubleTensor*>& inputs) {
            return Map(*inputs[0], [](double x) { return 1 / (1 + std::exp(-x)); });
          },
  };
}

}  // namespace lowbit::ops::sigmoid
