#include <algorithm>
#include <numeric>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/integers.h"

namespace lowbit::ops::top_k {
namespace {

Result<Shape> OutputShape(const Node& node, Shape shape, const std::vector<int64_t>& k) {
  LOWBIT_TRY(const size_t axis, ResolveAxis(IntAttribute(node, "axis", -1), shape.size()));
  if (k.size() != 1 || k[0] < 1 || k[0] > shape[axis]) {
    return Invalid("k " + ToString(k) + " must be one number in 1.." + std::to_string(shape[axis]));
  }
  shape[axis] = k[0];
  return shape;
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const std::vector<int64_t> k, ReadIntegers(inputs, 1));
  LOWBIT_TRY(Shape shape, OutputShape(node, inputs[0].shape, k));
  return std::vector<Shape>{shape, shape};
}

// The k largest (or smallest) of each line along the axis, the extreme first, equal ones in order of position; and
// their positions.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const bool largest = IntAttribute(node, "largest", 1) != 0;
  const size_t axis = ResolveAxis(IntAttribute(node, "axis", -1), x.shape.size()).value();
  DoubleTensor values(OutputShape(node, x.shape, ReadIntegers(inputs, 1)).value()), positions(values.shape);
  const AxisSplit from = SplitAt(x.shape, axis), to = SplitAt(values.shape, axis);
  std::vector<int64_t> order(static_cast<size_t>(from.extent));
  for (int64_t line = 0; line < from.outer * from.inner; ++line) {
    const double* first = x.data.data() + FirstOfLine(from, line);
    const auto at = [&](int64_t i) { return first[i * from.inner]; };
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return largest ? at(a) > at(b) : at(a) < at(b); });
    for (int64_t k = 0; k < to.extent; ++k) {
      const size_t place = static_cast<size_t>(FirstOfLine(to, line) + k * to.inner);
      values.data[place] = at(order[static_cast<size_t>(k)]);
      positions.data[place] = static_cast<double>(order[static_cast<size_t>(k)]);
    }
  }
  return {std::move(values), std::move(positions)};
}

bool MixesImages(const Node& node, const std::vector<InputView>& inputs) {
  return ResolveAxis(IntAttribute(node, "axis", -1), inputs[0].shape.size()).value() == 0;
}

}  // namespace

// Outputs: values, positions. `sorted` = 0 permits any order; this one is permitted too.
std::vector<Operator> Define() {
  return {{
      .name = "TopK",
      .min_inputs = 2,
      .max_inputs = 2,
      .max_outputs = 2,
      .integer_inputs = {1},
      .attributes = {{"axis", AttributeType::kInt}, {"largest", AttributeType::kInt}, {"sorted", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = Evaluate,
      .mixes_images = MixesImages,
  }};
}

}  // namespace lowbit::ops::top_k
