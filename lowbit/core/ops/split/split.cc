#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/integers.h"

namespace lowbit::ops::split {
namespace {

struct Plan {
  size_t axis = 0;
  std::vector<int64_t> extents;  // Of each output along the axis.
};

// Equal pieces, the last one smaller where they do not divide the extent.
std::vector<int64_t> EqualExtents(int64_t extent, int64_t pieces) {
  const int64_t each = (extent + pieces - 1) / pieces;
  std::vector<int64_t> extents(static_cast<size_t>(pieces), each);
  extents.back() = extent - each * (pieces - 1);
  return extents;
}

Result<Plan> MakePlan(const Node& node, const Shape& input, const std::vector<int64_t>& lengths) {
  Plan plan;
  LOWBIT_TRY(plan.axis, ResolveAxis(IntAttribute(node, "axis", 0), input.size()));
  const int64_t extent = input[plan.axis], outputs = static_cast<int64_t>(node.outputs.size());
  if (IntAttribute(node, "num_outputs", outputs) != outputs) {
    return Invalid("attribute 'num_outputs' is not its number of outputs, " + std::to_string(outputs));
  }
  plan.extents = lengths.empty() ? EqualExtents(extent, outputs) : lengths;
  int64_t sum = 0;
  for (const int64_t length : plan.extents) {
    if (length < 1 || length > extent) return Invalid("a piece of " + std::to_string(length) + " does not fit");
    sum += length;
  }
  if (static_cast<int64_t>(plan.extents.size()) != outputs || sum != extent) {
    return Invalid("pieces " + ToString(plan.extents) + " must be " + std::to_string(outputs) + ", and " +
                   std::to_string(extent) + " together");
  }
  return plan;
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const std::vector<int64_t> lengths, ReadIntegers(inputs, 1));
  LOWBIT_TRY(const Plan plan, MakePlan(node, inputs[0].shape, lengths));
  std::vector<Shape> shapes(plan.extents.size(), inputs[0].shape);
  for (size_t i = 0; i < shapes.size(); ++i) shapes[i][plan.axis] = plan.extents[i];
  return shapes;
}

// The input cut along the axis.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const Plan plan = MakePlan(node, x.shape, ReadIntegers(inputs, 1)).value();
  const AxisSplit split = SplitAt(x.shape, plan.axis);
  std::vector<DoubleTensor> outputs;
  int64_t first = 0;
  for (const int64_t extent : plan.extents) {
    Shape shape = x.shape;
    shape[plan.axis] = extent;
    DoubleTensor y(shape);
    for (int64_t outer = 0; outer < split.outer; ++outer) {
      const double* from = x.data.data() + (outer * split.extent + first) * split.inner;
      std::copy_n(from, extent * split.inner, y.data.data() + outer * extent * split.inner);
    }
    outputs.push_back(std::move(y));
    first += extent;
  }
  return outputs;
}

}  // namespace

// Inputs: data, the pieces' extents (default: equal ones).
std::vector<Operator> Define() {
  return {{
      .name = "Split",
      .max_inputs = 2,
      .max_outputs = kAnyNumber,
      .integer_inputs = {1},
      .attributes = {{"axis", AttributeType::kInt}, {"num_outputs", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::split
