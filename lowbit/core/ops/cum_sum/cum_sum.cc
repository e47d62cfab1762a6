#include <algorithm>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/integers.h"

namespace lowbit::ops::cum_sum {
namespace {

Result<size_t> AxisOf(const std::vector<int64_t>& axis, const Shape& input) {
  if (axis.size() != 1) return Invalid("axis must be one integer; it has " + std::to_string(axis.size()));
  return ResolveAxis(axis[0], input.size());
}

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const std::vector<int64_t> axis, ReadIntegers(inputs, 1));
  LOWBIT_RETURN_IF_ERROR(AxisOf(axis, inputs[0].shape));
  return std::vector<Shape>{inputs[0].shape};
}

// y[i] = the sum of x[0..i] along the axis; x[0..i - 1] if exclusive; from the end if reverse.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const bool exclusive = IntAttribute(node, "exclusive", 0) != 0, reverse = IntAttribute(node, "reverse", 0) != 0;
  const size_t axis = AxisOf(ReadIntegers(inputs, 1), inputs[0]->shape).value();
  return {MapLines(*inputs[0], axis, [=](std::vector<double>* line) {
    if (reverse) std::reverse(line->begin(), line->end());
    double sum = 0;
    for (double& x : *line) {
      const double before = sum;
      sum += x;
      x = exclusive ? before : sum;
    }
    if (reverse) std::reverse(line->begin(), line->end());
  })};
}

bool MixesImages(const Node&, const std::vector<InputView>& inputs) {
  return AxisOf(ReadIntegers(inputs, 1).value(), inputs[0].shape).value() == 0;
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "CumSum",
      .min_inputs = 2,
      .max_inputs = 2,
      .integer_inputs = {1},
      .attributes = {{"exclusive", AttributeType::kInt}, {"reverse", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = Evaluate,
      .mixes_images = MixesImages,
  }};
}

}  // namespace lowbit::ops::cum_sum
