#include <algorithm>
#include <limits>

#include "lowbit/core/ops_common/pool.h"

namespace lowbit::ops::max_pool {
namespace {

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  if (IntAttribute(node, "storage_order", 0) != 0) return Invalid("attribute 'storage_order' must be 0");
  return InferPool(node, inputs);
}

// The largest pixel of the window; padding takes no part.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const Window window = ResolvePool(node, inputs[0]->shape).value();
  return PoolPlanes(*inputs[0], window, [&window](const double* pixels, int64_t oy, int64_t ox) {
    double largest = -std::numeric_limits<double>::infinity();
    VisitWindow(window, oy, ox, [&](int64_t pixel, int64_t) { largest = std::max(largest, pixels[pixel]); });
    return largest;
  });
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "MaxPool",
      .attributes = {{"auto_pad", AttributeType::kString},
                     {"ceil_mode", AttributeType::kInt},
                     {"dilations", AttributeType::kInts},
                     {"kernel_shape", AttributeType::kInts, true},
                     {"pads", AttributeType::kInts},
                     {"storage_order", AttributeType::kInt},
                     {"strides", AttributeType::kInts}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::max_pool
