#ifndef LOWBIT_CORE_OPS_COMMON_ELEMENTWISE_H_
#define LOWBIT_CORE_OPS_COMMON_ELEMENTWISE_H_

// What operators that work element by element share: the shape rules and the loops.

#include <utility>
#include <vector>

#include "lowbit/core/operator.h"

namespace lowbit::ops {

// infer of operators whose output has the shape of input 0.
Result<std::vector<Shape>> InferSameShape(const Node& node, const std::vector<InputView>& inputs);

// infer of operators with two inputs that broadcast to each other as in numpy: shapes are aligned at the last
// dimension, and an extent of 1 (or none) is repeated.
Result<std::vector<Shape>> InferBroadcast(const Node& node, const std::vector<InputView>& inputs);

// The shape that a and b broadcast to. Error: two extents differ and neither is 1.
Result<Shape> BroadcastShape(const Shape& a, const Shape& b);

// How a tensor is read where it is repeated to fill `target`: one stride (in elements) for each dimension of target,
// 0 where the tensor is repeated. REQUIRES: BroadcastShape(shape, target) is target.
std::vector<int64_t> BroadcastStrides(const Shape& shape, const Shape& target);

// For each element of `target` in row-major order, the index of the element of a tensor with these strides.
// With BroadcastStrides: repeats. With permuted or scaled strides: transposes, slices. `start` is the first index.
std::vector<int64_t> GatherIndices(const Shape& target, const std::vector<int64_t>& strides, int64_t start = 0);

// Distance in elements between neighbours along each dimension of a row-major tensor.
std::vector<int64_t> RowMajorStrides(const Shape& shape);

// y[i] = function(x[i])
template <typename Function>
std::vector<DoubleTensor> Map(const DoubleTensor& x, Function function) {
  DoubleTensor y(x.shape);
  for (size_t i = 0; i < x.data.size(); ++i) y.data[i] = function(x.data[i]);
  return {std::move(y)};
}

// y[i] = function(a[i], b[i]) after broadcasting. REQUIRES: the shapes broadcast.
template <typename Function>
std::vector<DoubleTensor> MapPairs(const DoubleTensor& a, const DoubleTensor& b, Function function) {
  DoubleTensor y(BroadcastShape(a.shape, b.shape).value());
  const std::vector<int64_t> in_a = GatherIndices(y.shape, BroadcastStrides(a.shape, y.shape));
  const std::vector<int64_t> in_b = GatherIndices(y.shape, BroadcastStrides(b.shape, y.shape));
  for (size_t i = 0; i < y.data.size(); ++i) {
    y.data[i] = function(a.data[static_cast<size_t>(in_a[i])], b.data[static_cast<size_t>(in_b[i])]);
  }
  return {std::move(y)};
}

// x repeated to fill `shape`. REQUIRES: BroadcastShape(x.shape, shape) is shape.
DoubleTensor BroadcastTo(const DoubleTensor& x, const Shape& shape);

// y[i] = x[indices[i]]
DoubleTensor Gather(const DoubleTensor& x, const Shape& shape, const std::vector<int64_t>& indices);

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_ELEMENTWISE_H_
