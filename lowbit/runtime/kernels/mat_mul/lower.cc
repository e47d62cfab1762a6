// MatMul of two values, or of a value and a constant: stacks of matrices that broadcast to each other.

#include <algorithm>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/runtime/kernels/mat_mul/kernel.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/storage_strides.h"
#include "lowbit/runtime/stored_constant.h"

namespace lowbit::runtime::kernels::mat_mul {
namespace {

// Rows of a task: so many that a copy of a panel of columns is used often enough.
constexpr int64_t kTaskRows = 64;

// One side: how its matrices lie, and where each one of the stack begins.
struct Side {
  int64_t row = 0, column = 0;
  std::vector<int64_t> starts;
  int64_t floats = 0;           // In the plan's shape.
  std::vector<float> constant;  // Or empty.
};

// `stack`: the leading dimensions of the output.
Side ReadSide(const Shape& shape, const Shape& stack) {
  const std::vector<int64_t> strides = StorageStrides(shape);
  const size_t leading = shape.size() - 2;
  std::vector<int64_t> steps(stack.size(), 0);
  for (size_t d = 0; d < leading; ++d) {
    if (shape[d] != 1) steps[stack.size() - leading + d] = strides[d];
  }
  return {strides[leading], strides[leading + 1], ops::GatherIndices(stack, steps), Elements(shape), {}};
}

class MatMulStep : public Step {
 public:
  MatMulStep(const Shape& a, const Shape& b, const Shape& y, bool in_doubles)
      : kernel_(ChooseMatMulKernel()), in_doubles_(in_doubles) {
    const Shape stack(y.begin(), y.end() - 2);
    a_ = ReadSide(a, stack), b_ = ReadSide(b, stack), y_ = ReadSide(y, stack);
    rows_ = a[a.size() - 2], inner_ = a.back(), columns_ = b.back();
    kernel = in_doubles ? "matmul_f64" : "matmul_f32";
    if (!in_doubles) target = hwy::TargetName(kernel_.target);
    scratch_floats = kernel_.ScratchFloats(inner_);
  }

  void SetConstants(std::vector<float> a, std::vector<float> b) {
    a_.constant = std::move(a);
    b_.constant = std::move(b);
  }

  void Run(const RunContext& context) const override {
    const int64_t pieces = (rows_ + kTaskRows - 1) / kTaskRows, matrices = static_cast<int64_t>(y_.starts.size());
    context.pool->ParallelFor(pieces * matrices * context.batch, [&](int64_t i, int thread) {
      const int64_t first = i % pieces * kTaskRows, image = i / pieces / matrices;
      const auto matrix = static_cast<size_t>(i / pieces % matrices);
      MatMulTask task;
      task.rows = std::min(kTaskRows, rows_ - first);
      task.inner = inner_;
      task.columns = columns_;
      task.a = {From(a_, context, 0, image) + a_.starts[matrix] + first * a_.row, a_.row, a_.column};
      task.b = {From(b_, context, a_.constant.empty() ? 1 : 0, image) + b_.starts[matrix], b_.row, b_.column};
      task.y = {context.Value(outputs[0]) + image * y_.floats + y_.starts[matrix] + first * y_.row, y_.row, y_.column};
      task.scratch = context.Scratch(thread);
      in_doubles_ ? MultiplyInDoubles(task) : kernel_.run(task);
    });
  }

 private:
  const float* From(const Side& side, const RunContext& context, size_t input, int64_t image) const {
    return side.constant.empty() ? context.Value(inputs[input]) + image * side.floats : side.constant.data();
  }

  const MatMulKernel& kernel_;
  bool in_doubles_;
  Side a_, b_, y_;
  int64_t rows_, inner_, columns_;
};

// Empty where the value is computed.
std::vector<float> ConstantOf(const std::string& input, const Lowering& lowering) {
  const Parameter* constant = lowering.Constant(input);
  return constant == nullptr ? std::vector<float>() : StoredConstant(*constant);
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "MatMul") return nullptr;
  const Shape &a = lowering->ShapeOf(node.inputs[0]), &b = lowering->ShapeOf(node.inputs[1]),
              &y = lowering->ShapeOf(node.outputs[0]);
  if (a.size() < 2 || b.size() < 2 || Elements(a) == 0 || Elements(b) == 0) return nullptr;
  auto step = std::make_unique<MatMulStep>(a, b, y, lowering->InIntegers());
  for (const std::string& input : node.inputs) {
    if (lowering->Constant(input) != nullptr) continue;
    // A batch counts along the first dimension of each computed value: it has to be the output's.
    if (lowering->ShapeOf(input).size() != y.size()) return nullptr;
    step->reads.push_back(input);
  }
  step->SetConstants(ConstantOf(node.inputs[0], *lowering), ConstantOf(node.inputs[1], *lowering));
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::mat_mul
