#include <algorithm>
#include <numeric>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::transpose {
namespace {

// Which input dimension each output dimension is.
Result<std::vector<size_t>> Permutation(const Node& node, size_t rank) {
  std::vector<int64_t> reversed(rank);
  std::iota(reversed.rbegin(), reversed.rend(), int64_t{0});
  const std::vector<int64_t> order = IntsAttribute(node, "perm", reversed);
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::reverse(reversed.begin(), reversed.end());
  if (sorted != reversed) {
    return Invalid("attribute 'perm' " + ToString(order) + " must name each of " + std::to_string(rank) +
                   " dimensions once");
  }
  return std::vector<size_t>(order.begin(), order.end());
}

template <typename T>
std::vector<T> Permute(const std::vector<T>& values, const std::vector<size_t>& order) {
  std::vector<T> result;
  result.reserve(order.size());
  for (const size_t i : order) result.push_back(values[i]);
  return result;
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const std::vector<size_t> order, Permutation(node, inputs[0].shape.size()));
  return std::vector<Shape>{Permute(inputs[0].shape, order)};
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const std::vector<size_t> order = Permutation(node, x.shape.size()).value();
  const Shape shape = Permute(x.shape, order);
  return {Gather(x, shape, GatherIndices(shape, Permute(RowMajorStrides(x.shape), order)))};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "Transpose",
      .attributes = {{"perm", AttributeType::kInts}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::transpose
