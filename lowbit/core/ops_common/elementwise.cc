#include "lowbit/core/ops_common/elementwise.h"

#include <algorithm>

namespace lowbit::ops {
namespace {

// The extent of dimension i of `rank` dimensions when `shape` is aligned at the last one.
int64_t AlignedExtent(const Shape& shape, size_t i, size_t rank) {
  const size_t missing = rank - shape.size();
  return i < missing ? 1 : shape[i - missing];
}

}  // namespace

Result<std::vector<Shape>> InferSameShape(const Node&, const std::vector<InputView>& inputs) {
  return std::vector<Shape>{inputs[0].shape};
}

Result<std::vector<Shape>> InferBroadcast(const Node&, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(Shape shape, BroadcastShape(inputs[0].shape, inputs[1].shape));
  return std::vector<Shape>{std::move(shape)};
}

Result<Shape> BroadcastShape(const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape shape(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t extent_a = AlignedExtent(a, i, rank), extent_b = AlignedExtent(b, i, rank);
    if (extent_a != extent_b && extent_a != 1 && extent_b != 1) {
      return Invalid("shapes " + ToString(a) + " and " + ToString(b) + " do not broadcast");
    }
    shape[i] = extent_a == 1 ? extent_b : extent_a;
  }
  return shape;
}

std::vector<int64_t> RowMajorStrides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

std::vector<int64_t> BroadcastStrides(const Shape& shape, const Shape& target) {
  LOWBIT_DCHECK(shape.size() <= target.size());
  const std::vector<int64_t> own = RowMajorStrides(shape);
  const size_t missing = target.size() - shape.size();
  std::vector<int64_t> strides(target.size(), 0);
  for (size_t i = 0; i < shape.size(); ++i) strides[missing + i] = shape[i] == 1 ? 0 : own[i];
  return strides;
}

std::vector<int64_t> GatherIndices(const Shape& target, const std::vector<int64_t>& strides, int64_t start) {
  std::vector<int64_t> indices(static_cast<size_t>(Elements(target)));
  std::vector<int64_t> position(target.size(), 0);
  int64_t index = start;
  for (int64_t& result : indices) {
    result = index;
    // Counts up like an odometer, last dimension first.
    for (size_t i = target.size(); i-- > 0;) {
      index += strides[i];
      if (++position[i] < target[i]) break;
      index -= strides[i] * target[i];
      position[i] = 0;
    }
  }
  return indices;
}

DoubleTensor BroadcastTo(const DoubleTensor& x, const Shape& shape) {
  return Gather(x, shape, GatherIndices(shape, BroadcastStrides(x.shape, shape)));
}

DoubleTensor Gather(const DoubleTensor& x, const Shape& shape, const std::vector<int64_t>& indices) {
  DoubleTensor y(shape);
  for (size_t i = 0; i < indices.size(); ++i) y.data[i] = x.data[static_cast<size_t>(indices[i])];
  return y;
}

}  // namespace lowbit::ops
