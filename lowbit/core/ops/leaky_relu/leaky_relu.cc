#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::leaky_relu {
Operator Define() {
  return {
      .name = "LeakyRelu",
      .attributes = {{"alpha", AttributeType::kFloat}},
      .infer = InferSameShape,
      .evaluate =
          [](const Node& node, const std::vector<const DoubleTensor*>& inputs) {
            const double alpha = FloatAttribute(node, "alpha", 0.01);
            return Map(*inputs[0], [alpha](double x) { return x < 0 ? alpha * x : x; });
          },
  };
}

}  // namespace lowbit::ops::leaky_relu
