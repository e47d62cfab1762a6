#include <utility>

#include "lowbit/core/ops_common/integers.h"

namespace lowbit::ops::reshape {
namespace {

Error CannotReshape(const Shape& input, const Shape& requested) {
  return Invalid("cannot give " + ToString(input) + " the shape " + ToString(requested));
}

// The shape that `requested` means for a tensor of shape `input`: -1 (once) is what remains, 0 is the input's extent
// at that place unless allowzero is set.
Result<Shape> OutputShape(const Node& node, const Shape& input, const std::vector<int64_t>& requested) {
  const bool allow_zero = IntAttribute(node, "allowzero", 0) != 0;
  Shape shape = requested;
  int64_t known = 1;
  size_t wildcard = shape.size();
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      if (wildcard != shape.size()) return Invalid("shape " + ToString(requested) + " has more than one -1");
      wildcard = i;
      continue;
    }
    if (shape[i] == 0 && !allow_zero) {
      if (i >= input.size()) return Invalid("shape " + ToString(requested) + " copies an extent that the input lacks");
      shape[i] = input[i];
    }
    if (shape[i] < 1 || shape[i] > kMaxElements / known) return CannotReshape(input, requested);
    known *= shape[i];
  }
  const int64_t elements = Elements(input);
  if (wildcard != shape.size()) {
    if (elements % known != 0) return CannotReshape(input, requested);
    shape[wildcard] = elements / known;
  } else if (elements != known) {
    return CannotReshape(input, requested);
  }
  return shape;
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const std::vector<int64_t> requested, ReadIntegers(inputs, 1));
  LOWBIT_TRY(Shape shape, OutputShape(node, inputs[0].shape, requested));
  return std::vector<Shape>{std::move(shape)};
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  return {DoubleTensor(OutputShape(node, inputs[0]->shape, ReadIntegers(inputs, 1)).value(), inputs[0]->data)};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "Reshape",
      .min_inputs = 2,
      .max_inputs = 2,
      .integer_inputs = {1},
      .attributes = {{"allowzero", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::reshape
