#ifndef LOWBIT_CORE_OPS_COMMON_AXIS_H_
#define LOWBIT_CORE_OPS_COMMON_AXIS_H_

#include "lowbit/base/result.h"
#include "lowbit/core/shape.h"

namespace lowbit::ops {

// The dimension that ONNX's `axis` names in a tensor of `rank` dimensions: negative ones count from the end.
// Error: outside [-rank, rank - 1].
Result<size_t> ResolveAxis(int64_t axis, size_t rank);

// A row-major tensor seen as [outer, extent, inner] around one dimension.
struct AxisSplit {
  int64_t outer = 1, extent = 1, inner = 1;
};
// REQUIRES: axis < shape.size()
AxisSplit SplitAt(const Shape& shape, size_t axis);

// Product of the extents of dimensions [first, last).
int64_t ProductOf(const Shape& shape, size_t first, size_t last);

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_AXIS_H_
