#include <algorithm>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::relu {
Operator Define() {
  return {
      .name = "Relu",
      .infer = InferSameShape,
      .evaluate =
          [](const Node&, const std::vector<const DoubleTensor*>& inputs) {
            return Map(*inputs[0], [](double x) { return std::max(x, 0.0); });
          },
  };
}

}  // namespace lowbit::ops::relu
