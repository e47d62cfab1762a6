#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/axis.h"

namespace lowbit::ops::flatten {
namespace {

Result<Shape> OutputShape(const Node& node, const Shape& input) {
  const int64_t rank = static_cast<int64_t>(input.size());
  const int64_t axis = IntAttribute(node, "axis", 1);
  if (axis < -rank || axis > rank) {
    return Invalid("axis " + std::to_string(axis) + " must be in " + std::to_string(-rank) + ".." +
                   std::to_string(rank));
  }
  const size_t split = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  return Shape{ProductOf(input, 0, split), ProductOf(input, split, input.size())};
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(Shape shape, OutputShape(node, inputs[0].shape));
  return std::vector<Shape>{std::move(shape)};
}

// A matrix: the dimensions before `axis` become its rows, the others its columns.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  return {DoubleTensor(OutputShape(node, inputs[0]->shape).value(), inputs[0]->data)};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "Flatten",
      .attributes = {{"axis", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::flatten
