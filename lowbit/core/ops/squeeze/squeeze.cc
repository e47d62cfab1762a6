// Squeeze and Unsqueeze: dimensions of extent 1 go and come; the elements stay as they are. Axes are input 1; Squeeze
// without them removes every such dimension.

#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/integers.h"

namespace lowbit::ops::squeeze {
namespace {

Result<Shape> Squeezed(const Shape& input, const std::vector<int64_t>& axes) {
  LOWBIT_TRY(const std::vector<size_t> named, ResolveAxes(axes, input.size()));
  Shape shape;
  for (size_t i = 0; i < input.size(); ++i) {
    const bool is_named = std::binary_search(named.begin(), named.end(), i);
    if (is_named && input[i] != 1) {
      return Invalid("dimension " + std::to_string(i) + " of " + ToString(input) + " is not 1 and cannot be removed");
    }
    if (axes.empty() ? input[i] != 1 : !is_named) shape.push_back(input[i]);
  }
  return shape;
}

Result<Shape> Unsqueezed(const Shape& input, const std::vector<int64_t>& axes) {
  LOWBIT_TRY(const std::vector<size_t> named, ResolveAxes(axes, input.size() + axes.size()));
  Shape shape = input;
  for (const size_t axis : named) shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
  return shape;
}

Result<Shape> OutputShape(const Node& node, const Shape& input, const std::vector<int64_t>& axes) {
  return node.op == "Squeeze" ? Squeezed(input, axes) : Unsqueezed(input, axes);
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const std::vector<int64_t> axes, ReadIntegers(inputs, 1));
  LOWBIT_TRY(Shape shape, OutputShape(node, inputs[0].shape, axes));
  return std::vector<Shape>{std::move(shape)};
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  return {DoubleTensor(OutputShape(node, inputs[0]->shape, ReadIntegers(inputs, 1)).value(), inputs[0]->data)};
}

}  // namespace

std::vector<Operator> Define() {
  return {{.name = "Squeeze", .max_inputs = 2, .integer_inputs = {1}, .infer = Infer, .evaluate = Evaluate},
          {.name = "Unsqueeze",
           .min_inputs = 2,
           .max_inputs = 2,
           .integer_inputs = {1},
           .infer = Infer,
           .evaluate = Evaluate}};
}

}  // namespace lowbit::ops::squeeze
