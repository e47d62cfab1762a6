#include <algorithm>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::hard_swish {
Operator Define() {
  return {
      .name = "HardSwish",
      .infer = InferSameShape,
      .evaluate =
          [](const Node&, const std::vector<const DoubleTensor*>& inputs) {
            return Map(*inputs[0], [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); });
          },
  };
}

}  // namespace lowbit::ops::hard_swish
