// ArgMax and ArgMin: the position of the largest or smallest element of each line along an axis; the first of equal ones,
// or the last.

#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/axis.h"

namespace lowbit::ops::arg_extreme {
namespace {

Result<Shape> OutputShape(const Node& node, Shape shape) {
  LOWBIT_TRY(const size_t axis, ResolveAxis(IntAttribute(node, "axis", 0), shape.size()));
  shape[axis] = 1;
  if (IntAttribute(node, "keepdims", 1) == 0) shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  return shape;
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(Shape shape, OutputShape(node, inputs[0].shape));
  return std::vector<Shape>{std::move(shape)};
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const bool last = IntAttribute(node, "select_last_index", 0) != 0, smallest = node.op == "ArgMin";
  const AxisSplit split = SplitAt(x.shape, ResolveAxis(IntAttribute(node, "axis", 0), x.shape.size()).value());
  DoubleTensor y(OutputShape(node, x.shape).value());
  for (size_t i = 0; i < y.data.size(); ++i) {
    const double* line = x.data.data() + FirstOfLine(split, static_cast<int64_t>(i));
    int64_t best = 0;
    for (int64_t k = 1; k < split.extent; ++k) {
      const double value = line[k * split.inner], extreme = line[best * split.inner];
      if ((smallest ? value < extreme : value > extreme) || (last && value == extreme)) best = k;
    }
    y.data[i] = static_cast<double>(best);
  }
  return {std::move(y)};
}

}  // namespace

std::vector<Operator> Define() {
  std::vector<Operator> operators;
  for (const char* name : {"ArgMax", "ArgMin"}) {
    operators.push_back({.name = name,
                         .attributes = {{"axis", AttributeType::kInt},
                                        {"keepdims", AttributeType::kInt},
                                        {"select_last_index", AttributeType::kInt}},
                         .infer = Infer,
                         .evaluate = Evaluate});
  }
  return operators;
}

}  // namespace lowbit::ops::arg_extreme
