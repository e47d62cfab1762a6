#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::sign {
Operator Define() {
  return {
      .name = "Sign",
      .infer = InferSameShape,
      .evaluate =
          [](const Node&, const std::vector<const DoubleTensor*>& inputs) {
            return Map(*inputs[0], [](double x) { return static_cast<double>((x > 0) - (x < 0)); });
          },
  };
}

}  // namespace lowbit::ops::sign
