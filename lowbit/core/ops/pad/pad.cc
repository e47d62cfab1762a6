#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/integers.h"
#include "lowbit/core/ops_common/pad_source.h"

namespace lowbit::ops::pad {
namespace {

// A negative pad removes elements.
Result<Shape> OutputShape(const Shape& input, const std::vector<int64_t>& pads) {
  const size_t rank = input.size();
  if (pads.size() != 2 * rank) {
    return Invalid("has " + std::to_string(pads.size()) + " pads; a tensor of " + std::to_string(rank) +
                   " dimensions needs " + std::to_string(2 * rank));
  }
  Shape output;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t begin = pads[i], end = pads[rank + i];
    if (input[i] + std::min<int64_t>(0, begin) + std::min<int64_t>(0, end) < 1) {
      return Invalid("negative pads remove all of dimension " + std::to_string(i));
    }
    output.push_back(input[i] + begin + end);
  }
  return output;
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_RETURN_IF_ERROR(PadModeOf(node));
  if (inputs.size() > 2 && inputs[2].present && Elements(inputs[2].shape) != 1) {
    return Invalid("the constant must be one value; it has shape " + ToString(inputs[2].shape));
  }
  LOWBIT_TRY(const std::vector<int64_t> pads, ReadIntegers(inputs, 1));
  LOWBIT_TRY(Shape shape, OutputShape(inputs[0].shape, pads));
  return std::vector<Shape>{std::move(shape)};
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const PadMode mode = PadModeOf(node).value();
  const std::vector<int64_t> pads = ReadIntegers(inputs, 1);
  DoubleTensor y(OutputShape(x.shape, pads).value());
  // The element that each place comes from, one dimension after the other.
  std::vector<int64_t> from = {0};
  for (size_t axis = 0; axis < x.shape.size(); ++axis) {
    std::vector<int64_t> next;
    next.reserve(from.size() * static_cast<size_t>(y.shape[axis]));
    for (const int64_t outer : from) {
      for (int64_t i = 0; i < y.shape[axis]; ++i) {
        const int64_t source = PadSource(mode, i - pads[axis], x.shape[axis]);
        const bool constant = outer == kConstantPlace || source == kConstantPlace;
        next.push_back(constant ? kConstantPlace : outer * x.shape[axis] + source);
      }
    }
    from = std::move(next);
  }
  const double constant = inputs.size() > 2 && inputs[2] != nullptr ? inputs[2]->data[0] : 0;
  for (size_t i = 0; i < from.size(); ++i) {
    y.data[i] = from[i] == kConstantPlace ? constant : x.data[static_cast<size_t>(from[i])];
  }
  return {std::move(y)};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "Pad",
      .min_inputs = 2,
      .max_inputs = 3,
      .integer_inputs = {1},
      .attributes = {{"mode", AttributeType::kString}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::pad
