#include "lowbit/core/ops_common/axis.h"

#include <algorithm>

namespace lowbit::ops {

Result<size_t> ResolveAxis(int64_t axis, size_t rank) {
  const int64_t signed_rank = static_cast<int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    return Invalid("axis " + std::to_string(axis) + " is outside a tensor of " + std::to_string(rank) + " dimensions");
  }
  return static_cast<size_t>(axis < 0 ? axis + signed_rank : axis);
}

Result<std::vector<size_t>> ResolveAxes(const std::vector<int64_t>& axes, size_t rank) {
  std::vector<size_t> resolved;
  for (const int64_t axis : axes) {
    LOWBIT_TRY(const size_t dimension, ResolveAxis(axis, rank));
    resolved.push_back(dimension);
  }
  std::sort(resolved.begin(), resolved.end());
  const auto twice = std::adjacent_find(resolved.begin(), resolved.end());
  if (twice != resolved.end()) return Invalid("axis " + std::to_string(*twice) + " is named twice");
  return resolved;
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
