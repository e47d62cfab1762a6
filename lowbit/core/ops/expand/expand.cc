// Expand and Tile: the elements repeated.

#include <utility>

#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/integers.h"

namespace lowbit::ops::expand {
namespace {

Result<Shape> Expanded(const Shape& input, const std::vector<int64_t>& requested) {
  for (const int64_t extent : requested) {
    if (extent < 1) return Invalid("shape " + ToString(requested) + " has an extent below 1");
  }
  return BroadcastShape(input, requested);
}

Result<std::vector<Shape>> InferExpand(const Node&, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const std::vector<int64_t> requested, ReadIntegers(inputs, 1));
  LOWBIT_TRY(Shape shape, Expanded(inputs[0].shape, requested));
  return std::vector<Shape>{std::move(shape)};
}

// As broadcasting repeats them.
std::vector<DoubleTensor> EvaluateExpand(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  return {BroadcastTo(*inputs[0], Expanded(inputs[0]->shape, ReadIntegers(inputs, 1)).value())};
}

Result<Shape> Tiled(const Shape& input, const std::vector<int64_t>& repeats) {
  if (repeats.size() != input.size()) {
    return Invalid("has " + std::to_string(repeats.size()) + " repeats; a tensor of " + std::to_string(input.size()) +
                   " dimensions needs as many");
  }
  Shape shape = input;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (repeats[i] < 1) return Invalid("repeats " + ToString(repeats) + " must be at least 1");
    if (repeats[i] > kMaxElements / shape[i]) return Invalid("repeats " + ToString(repeats) + " are too large");
    shape[i] *= repeats[i];
  }
  return shape;
}

Result<std::vector<Shape>> InferTile(const Node&, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const std::vector<int64_t> repeats, ReadIntegers(inputs, 1));
  LOWBIT_TRY(Shape shape, Tiled(inputs[0].shape, repeats));
  return std::vector<Shape>{std::move(shape)};
}

// The whole tensor side by side, so many times along each dimension: [repeats, extent] for each, the repeats broadcast.
std::vector<DoubleTensor> EvaluateTile(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const std::vector<int64_t> repeats = ReadIntegers(inputs, 1), own = RowMajorStrides(x.shape);
  Shape split;
  std::vector<int64_t> strides;
  for (size_t i = 0; i < repeats.size(); ++i) {
    split.insert(split.end(), {repeats[i], x.shape[i]});
    strides.insert(strides.end(), {0, own[i]});
  }
  return {Gather(x, Tiled(x.shape, repeats).value(), GatherIndices(split, strides))};
}

}  // namespace

std::vector<Operator> Define() {
  return {{.name = "Expand",
           .min_inputs = 2,
           .max_inputs = 2,
           .integer_inputs = {1},
           .infer = InferExpand,
           .evaluate = EvaluateExpand},
          {.name = "Tile",
           .min_inputs = 2,
           .max_inputs = 2,
           .integer_inputs = {1},
           .infer = InferTile,
           .evaluate = EvaluateTile}};
}

}  // namespace lowbit::ops::expand
