// The Reduce family: all elements that differ only along `axes` become one. Axes are input 1, as in opset 18; all
// dimensions where it is left out or empty, unless noop_with_empty_axes keeps the tensor as it is.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/integers.h"

namespace lowbit::ops::reduce {
namespace {

using Values = std::vector<double>;

template <typename Function>
double SumOf(const Values& values, Function function) {
  double sum = 0;
  for (const double value : values) sum += function(value);
  return sum;
}

double Sum(const Values& values) {
  return SumOf(values, [](double x) { return x; });
}

double SumSquare(const Values& values) {
  return SumOf(values, [](double x) { return x * x; });
}

double LogSumExp(const Values& values) {
  const double largest = *std::max_element(values.begin(), values.end());
  if (std::isinf(largest)) return largest;
  return largest + std::log(SumOf(values, [largest](double x) { return std::exp(x - largest); }));
}

struct Function {
  const char* name;
  double (*of)(const Values& values);
};

constexpr Function kFunctions[] = {
    {"ReduceL1", [](const Values& v) { return SumOf(v, [](double x) { return std::abs(x); }); }},
    {"ReduceL2", [](const Values& v) { return std::sqrt(SumSquare(v)); }},
    {"ReduceLogSum", [](const Values& v) { return std::log(Sum(v)); }},
    {"ReduceLogSumExp", LogSumExp},
    {"ReduceMax", [](const Values& v) { return *std::max_element(v.begin(), v.end()); }},
    {"ReduceMean", [](const Values& v) { return Sum(v) / static_cast<double>(v.size()); }},
    {"ReduceMin", [](const Values& v) { return *std::min_element(v.begin(), v.end()); }},
    {"ReduceProd", [](const Values& v) { return std::accumulate(v.begin(), v.end(), 1.0, std::multiplies<double>()); }},
    {"ReduceSum", Sum},
    {"ReduceSumSquare", SumSquare},
};

// The tensor as kept dimensions around reduced ones, each with its strides in the input.
struct Plan {
  Shape output;
  Shape kept, reduced;
  std::vector<int64_t> kept_strides, reduced_strides;
};

Result<Plan> MakePlan(const Node& node, const Shape& input, const std::vector<int64_t>& axes) {
  LOWBIT_TRY(const std::vector<size_t> named, ResolveAxes(axes, input.size()));
  const bool all = named.empty() && IntAttribute(node, "noop_with_empty_axes", 0) == 0;
  const bool keep = IntAttribute(node, "keepdims", 1) != 0;
  const std::vector<int64_t> strides = RowMajorStrides(input);
  Plan plan;
  for (size_t i = 0; i < input.size(); ++i) {
    const bool reduced = all || std::binary_search(named.begin(), named.end(), i);
    (reduced ? plan.reduced : plan.kept).push_back(input[i]);
    (reduced ? plan.reduced_strides : plan.kept_strides).push_back(strides[i]);
    if (!reduced || keep) plan.output.push_back(reduced ? 1 : input[i]);
  }
  return plan;
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const std::vector<int64_t> axes, ReadIntegers(inputs, 1));
  LOWBIT_TRY(Plan plan, MakePlan(node, inputs[0].shape, axes));
  return std::vector<Shape>{std::move(plan.output)};
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const Function& function = *std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                           [&](const Function& candidate) { return candidate.name == node.op; });
  const DoubleTensor& x = *inputs[0];
  const Plan plan = MakePlan(node, x.shape, ReadIntegers(inputs, 1)).value();
  const std::vector<int64_t> firsts = GatherIndices(plan.kept, plan.kept_strides);
  const std::vector<int64_t> steps = GatherIndices(plan.reduced, plan.reduced_strides);
  DoubleTensor y(plan.output);
  Values values(steps.size());
  for (size_t i = 0; i < y.data.size(); ++i) {
    for (size_t k = 0; k < steps.size(); ++k) values[k] = x.data[static_cast<size_t>(firsts[i] + steps[k])];
    y.data[i] = function.of(values);
  }
  return {std::move(y)};
}

}  // namespace

std::vector<Operator> Define() {
  std::vector<Operator> operators;
  for (const Function& function : kFunctions) {
    operators.push_back(
        {.name = function.name,
         .max_inputs = 2,
         .integer_inputs = {1},
         .attributes = {{"keepdims", AttributeType::kInt}, {"noop_with_empty_axes", AttributeType::kInt}},
         .infer = Infer,
         .evaluate = Evaluate});
  }
  return operators;
}

}  // namespace lowbit::ops::reduce
