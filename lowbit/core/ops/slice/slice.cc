#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/integers.h"
#include "lowbit/core/ops_common/slice_range.h"

namespace lowbit::ops::slice {
namespace {

// Output position p reads the input at start + p * step, in each dimension.
struct Plan {
  Shape output;
  std::vector<int64_t> starts, steps;
};

Status SliceAxis(int64_t start, int64_t end, int64_t step, size_t axis, const Shape& input, Plan* plan) {
  if (step == 0) return Invalid("a step must not be 0");
  const SliceRange range = RangeOfSlice(start, end, step, input[axis]);
  if (range.count == 0) return Invalid("the slice of dimension " + std::to_string(axis) + " is empty");
  plan->starts[axis] = range.start;
  plan->steps[axis] = step;
  plan->output[axis] = range.count;
  return Ok();
}

struct Bounds {
  std::vector<int64_t> starts, ends, axes, steps;
};

Result<Plan> MakePlan(const Shape& input, Bounds bounds) {
  const size_t count = bounds.starts.size();
  if (bounds.axes.empty()) {
    bounds.axes.resize(count);
    std::iota(bounds.axes.begin(), bounds.axes.end(), int64_t{0});
  }
  if (bounds.steps.empty()) bounds.steps.assign(count, 1);
  if (bounds.ends.size() != count || bounds.axes.size() != count || bounds.steps.size() != count) {
    return Invalid("starts, ends, axes and steps must have the same length");
  }
  Plan plan{input, std::vector<int64_t>(input.size(), 0), std::vector<int64_t>(input.size(), 1)};
  std::set<size_t> seen;
  for (size_t i = 0; i < count; ++i) {
    LOWBIT_TRY(const size_t axis, ResolveAxis(bounds.axes[i], input.size()));
    if (!seen.insert(axis).second) return Invalid("dimension " + std::to_string(axis) + " is sliced twice");
    LOWBIT_RETURN_IF_ERROR(SliceAxis(bounds.starts[i], bounds.ends[i], bounds.steps[i], axis, input, &plan));
  }
  return plan;
}

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  Bounds bounds;
  LOWBIT_TRY(bounds.starts, ReadIntegers(inputs, 1));
  LOWBIT_TRY(bounds.ends, ReadIntegers(inputs, 2));
  LOWBIT_TRY(bounds.axes, ReadIntegers(inputs, 3));
  LOWBIT_TRY(bounds.steps, ReadIntegers(inputs, 4));
  LOWBIT_TRY(Plan plan, MakePlan(inputs[0].shape, std::move(bounds)));
  return std::vector<Shape>{std::move(plan.output)};
}

bool MixesImages(const Node&, const std::vector<InputView>& inputs) {
  const std::vector<int64_t> axes = ReadIntegers(inputs, 3).value();
  const auto is_first = [&](int64_t axis) { return ResolveAxis(axis, inputs[0].shape.size()).value() == 0; };
  return axes.empty() || std::any_of(axes.begin(), axes.end(), is_first);
}

std::vector<DoubleTensor> Evaluate(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const Plan plan = MakePlan(x.shape, {ReadIntegers(inputs, 1), ReadIntegers(inputs, 2), ReadIntegers(inputs, 3),
                                       ReadIntegers(inputs, 4)})
                        .value();
  std::vector<int64_t> strides = RowMajorStrides(x.shape);
  int64_t first = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    first += plan.starts[i] * strides[i];
    // One position has no neighbour, and its step may be as large as the limit.
    strides[i] = plan.output[i] == 1 ? 0 : strides[i] * plan.steps[i];
  }
  return {Gather(x, plan.output, GatherIndices(plan.output, strides, first))};
}

}  // namespace

// Inputs: data, starts, ends, axes (default: the first dimensions in order), steps (default: 1).
std::vector<Operator> Define() {
  return {{
      .name = "Slice",
      .min_inputs = 3,
      .max_inputs = 5,
      .integer_inputs = {1, 2, 3, 4},
      .infer = Infer,
      .evaluate = Evaluate,
      .mixes_images = MixesImages,
  }};
}

}  // namespace lowbit::ops::slice
