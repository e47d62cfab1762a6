#include "lowbit/core/ops_common/axis.h"

namespace lowbit::ops {

Result<size_t> ResolveAxis(int64_t axis, size_t rank) {
  const int64_t signed_rank = static_cast<int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    return Invalid("axis " + std::to_string(axis) + " is outside a tensor of " + std::to_string(rank) + " dimensions");
  }
  return static_cast<size_t>(axis < 0 ? axis + signed_rank : axis);
}

int64_t ProductOf(const Shape& shape, size_t first, size_t last) {
  int64_t product = 1;
  for (size_t i = first; i < last; ++i) product *= shape[i];
  return product;
}

AxisSplit SplitAt(const Shape& shape, size_t axis) {
  LOWBIT_DCHECK(axis < shape.size());
  return {ProductOf(shape, 0, axis), shape[axis], ProductOf(shape, axis + 1, shape.size())};
}

}  // namespace lowbit::ops
