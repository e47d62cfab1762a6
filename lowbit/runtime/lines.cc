#include "lowbit/runtime/lines.h"

#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/runtime/storage_strides.h"

namespace lowbit::runtime {
namespace {

std::vector<int64_t> PositionsAlong(const Shape& shape, const std::vector<size_t>& dimensions) {
  const std::vector<int64_t> strides = StorageStrides(shape);
  Shape extents;
  std::vector<int64_t> steps;
  for (const size_t d : dimensions) {
    extents.push_back(shape[d]);
    steps.push_back(strides[d]);
  }
  return ops::GatherIndices(extents, steps);
}

}  // namespace

Lines MakeLines(const Shape& shape, const std::vector<size_t>& axes, const std::vector<size_t>& kept) {
  return {PositionsAlong(shape, kept), PositionsAlong(shape, axes)};
}

Lines MakeLines(const Shape& shape, const std::vector<size_t>& axes) {
  std::vector<size_t> kept;
  for (const size_t d : StorageOrder(shape.size())) {
    if (!std::binary_search(axes.begin(), axes.end(), d)) kept.push_back(d);
  }
  return MakeLines(shape, axes, kept);
}

}  // namespace lowbit::runtime
