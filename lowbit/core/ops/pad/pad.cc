#include <algorithm>
#include <numeric>
#include <utility>

#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/integers.h"

namespace lowbit::ops::pad {
namespace {

// The part of the input that stays, and where it lies in the output. A negative pad removes elements.
struct Plan {
  Shape kept, output;
  std::vector<int64_t> from, to;  // First kept position in the input, and its place in the output.
};

Result<Plan> MakePlan(const Shape& input, const std::vector<int64_t>& pads) {
  const size_t rank = input.size();
  if (pads.size() != 2 * rank) {
    return Invalid("has " + std::to_string(pads.size()) + " pads; a tensor of " + std::to_string(rank) +
                   " dimensions needs " + std::to_string(2 * rank));
  }
  Plan plan;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t begin = pads[i], end = pads[rank + i];
    plan.from.push_back(std::max<int64_t>(0, -begin));
    plan.to.push_back(std::max<int64_t>(0, begin));
    plan.kept.push_back(input[i] - plan.from[i] - std::max<int64_t>(0, -end));
    plan.output.push_back(input[i] + begin + end);
    if (plan.kept[i] < 1) return Invalid("negative pads remove all of dimension " + std::to_string(i));
  }
  return plan;
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  if (StringAttribute(node, "mode", "constant") != "constant") return Invalid("attribute 'mode' must be 'constant'");
  if (inputs.size() > 2 && inputs[2].present && Elements(inputs[2].shape) != 1) {
    return Invalid("the constant must be one value; it has shape " + ToString(inputs[2].shape));
  }
  LOWBIT_TRY(const std::vector<int64_t> pads, ReadIntegers(inputs, 1));
  LOWBIT_TRY(Plan plan, MakePlan(inputs[0].shape, pads));
  return std::vector<Shape>{std::move(plan.output)};
}

int64_t IndexOf(const std::vector<int64_t>& position, const std::vector<int64_t>& strides) {
  return std::inner_product(position.begin(), position.end(), strides.begin(), int64_t{0});
}

std::vector<DoubleTensor> Evaluate(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const Plan plan = MakePlan(x.shape, ReadIntegers(inputs, 1)).value();
  DoubleTensor y(plan.output);
  const double constant = inputs.size() > 2 && inputs[2] != nullptr ? inputs[2]->data[0] : 0;
  std::fill(y.data.begin(), y.data.end(), constant);
  const std::vector<int64_t> x_strides = RowMajorStrides(x.shape), y_strides = RowMajorStrides(y.shape);
  const std::vector<int64_t> from = GatherIndices(plan.kept, x_strides, IndexOf(plan.from, x_strides));
  const std::vector<int64_t> to = GatherIndices(plan.kept, y_strides, IndexOf(plan.to, y_strides));
  for (size_t i = 0; i < from.size(); ++i) y.data[static_cast<size_t>(to[i])] = x.data[static_cast<size_t>(from[i])];
  return {std::move(y)};
}

}  // namespace

Operator Define() {
  return {
      .name = "Pad",
      .min_inputs = 2,
      .max_inputs = 3,
      .integer_inputs = {1},
      .attributes = {{"mode", AttributeType::kString}},
      .infer = Infer,
      .evaluate = Evaluate,
  };
}

}  // namespace lowbit::ops::pad
