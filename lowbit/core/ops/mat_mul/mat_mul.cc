#include <utility>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::mat_mul {
namespace {

// Both operands as stacks of matrices: numpy gives a vector a row (left) or a column (right), which the result loses.
struct Plan {
  Shape a, b;   // With at least two dimensions.
  Shape stack;  // What the leading dimensions broadcast to.
  int64_t rows, inner, columns;
  Shape output;
};

Result<Plan> MakePlan(const Shape& a, const Shape& b) {
  if (a.empty() || b.empty()) return Invalid("operands must have at least one dimension");
  Plan plan;
  plan.a = a;
  plan.b = b;
  if (a.size() == 1) plan.a.insert(plan.a.begin(), 1);
  if (b.size() == 1) plan.b.push_back(1);
  plan.rows = plan.a[plan.a.size() - 2];
  plan.inner = plan.a.back();
  plan.columns = plan.b.back();
  if (plan.inner != plan.b[plan.b.size() - 2]) {
    return Invalid("shapes " + ToString(a) + " and " + ToString(b) + " do not multiply");
  }
  LOWBIT_TRY(plan.stack,
             BroadcastShape(Shape(plan.a.begin(), plan.a.end() - 2), Shape(plan.b.begin(), plan.b.end() - 2)));
  plan.output = plan.stack;
  if (a.size() > 1) plan.output.push_back(plan.rows);
  if (b.size() > 1) plan.output.push_back(plan.columns);
  return plan;
}

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(Plan plan, MakePlan(inputs[0].shape, inputs[1].shape));
  return std::vector<Shape>{std::move(plan.output)};
}

// For each matrix of the stack, which matrix of an operand takes part.
std::vector<int64_t> MatrixIndices(const Shape& operand, const Shape& stack) {
  return GatherIndices(stack, BroadcastStrides(Shape(operand.begin(), operand.end() - 2), stack));
}

std::vector<DoubleTensor> Evaluate(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  const Plan plan = MakePlan(inputs[0]->shape, inputs[1]->shape).value();
  const std::vector<int64_t> in_a = MatrixIndices(plan.a, plan.stack), in_b = MatrixIndices(plan.b, plan.stack);
  DoubleTensor y(plan.output);
  size_t out = 0;
  for (size_t matrix = 0; matrix < in_a.size(); ++matrix) {
    const double* a = inputs[0]->data.data() + in_a[matrix] * plan.rows * plan.inner;
    const double* b = inputs[1]->data.data() + in_b[matrix] * plan.inner * plan.columns;
    for (int64_t i = 0; i < plan.rows; ++i) {
      for (int64_t j = 0; j < plan.columns; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < plan.inner; ++k) sum += a[i * plan.inner + k] * b[k * plan.columns + j];
        y.data[out++] = sum;
      }
    }
  }
  return {std::move(y)};
}

std::vector<int64_t> Macs(const Node&, const std::vector<Shape>& inputs, const Shape& output) {
  return {Elements(output), inputs[0].back()};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "MatMul",
      .min_inputs = 2,
      .max_inputs = 2,
      .infer = Infer,
      .evaluate = Evaluate,
      .macs = Macs,
  }};
}

}  // namespace lowbit::ops::mat_mul
