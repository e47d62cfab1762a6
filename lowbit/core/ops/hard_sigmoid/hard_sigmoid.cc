#include <algorithm>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::hard_sigmoid {
Operator Define() {
  return {
      .name = "HardSigmoid",
      .attributes = {{"alpha", AttributeType::kFloat}, {"beta", AttributeType::kFloat}},
      .infer = InferSameShape,
      .evaluate =
          [](const Node& node, const std::vector<const DoubleTensor*>& inputs) {
            const double alpha = FloatAttribute(node, "alpha", 0.2);
            const double beta = FloatAttribute(node, "beta", 0.5);
            return Map(*inputs[0], [alpha, beta](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
          },
  };
}

}  // namespace lowbit::ops::hard_sigmoid
