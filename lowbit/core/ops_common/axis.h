#ifndef LOWBIT_CORE_OPS_COMMON_AXIS_H_
#define LOWBIT_CORE_OPS_COMMON_AXIS_H_

#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/tensor.h"

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

// The dimensions that `axes` names in a tensor of `rank` dimensions, ascending. Errors: as ResolveAxis; one twice.
Result<std::vector<size_t>> ResolveAxes(const std::vector<int64_t>& axes, size_t rank);

// Line `i` of outer * inner along the dimension: position k of it is element First(i) + k * inner.
inline int64_t FirstOfLine(const AxisSplit& split, int64_t i) {
  return i / split.inner * split.extent * split.inner + i % split.inner;
}

// The lines of x along a dimension, each changed by function(std::vector<double>* line) into as many values as it had.
template <typename Function>
DoubleTensor MapLines(DoubleTensor x, size_t axis, Function function) {
  const AxisSplit split = SplitAt(x.shape, axis);
  std::vector<double> line(static_cast<size_t>(split.extent));
  for (int64_t i = 0; i < split.outer * split.inner; ++i) {
    double* first = x.data.data() + FirstOfLine(split, i);
    for (size_t k = 0; k < line.size(); ++k) line[k] = first[static_cast<int64_t>(k) * split.inner];
    function(&line);
    for (size_t k = 0; k < line.size(); ++k) first[static_cast<int64_t>(k) * split.inner] = line[k];
  }
  return x;
}

// Product of the extents of dimensions [first, last).
int64_t ProductOf(const Shape& shape, size_t first, size_t last);

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_AXIS_H_
