#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::identity {
Operator Define() {
  return {
      .name = "Identity",
      .infer = InferSameShape,
      .evaluate =
          [](const Node&, const std::vector<const DoubleTensor*>& inputs) {
            return Map(*inputs[0], [](double x) { return x; });
          },
  };
}

}  // namespace lowbit::ops::identity
