// MatMul: stacks of matrices that broadcast to each other. Gemm where the kernels of layers (conv, conv_u8 and their like) cannot take
// its weights or its bias: they are computed, or stored as no panel of channels can be.

#include <algorithm>
#include <optional>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/runtime/codebook_weights.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/kernels/mat_mul/kernel.h"
#include "lowbit/runtime/operand.h"
#include "lowbit/runtime/product.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/storage_strides.h"

namespace lowbit::runtime::kernels::mat_mul {
namespace {

// Rows of a task: so many that a copy of a panel of columns is used often enough.
constexpr int64_t kTaskRows = 64;

// An operand, or the result: how its matrices lie, and where each one of the stack begins.
struct Side {
  int64_t row = 0, column = 0;
  std::vector<int64_t> starts;
  Operand value = {};  // Not of the result.
};

// The dimensions that count a value's rows and columns; a vector has one of them.
struct MatrixDimensions {
  std::optional<size_t> row, column;
};

MatrixDimensions LastOf(const Shape& shape) { return {shape.size() - 2, shape.size() - 1}; }

// `stack`: the leading dimensions of the product. An extent of 1 is repeated.
Side ReadSide(const Shape& shape, MatrixDimensions matrix, const Shape& stack) {
  const std::vector<int64_t> strides = StorageStrides(shape);
  const auto along = [&](std::optional<size_t> d) { return d.has_value() && shape[*d] != 1 ? strides[*d] : 0; };
  const size_t own = (matrix.row.has_value() ? 1 : 0) + (matrix.column.has_value() ? 1 : 0),
               leading = shape.size() - own;
  std::vector<int64_t> steps(stack.size(), 0);
  for (size_t d = 0; d < leading; ++d) {
    if (shape[d] != 1) steps[stack.size() - leading + d] = strides[d];
  }
  return {along(matrix.row), along(matrix.column), ops::GatherIndices(stack, steps)};
}

struct Setup {
  Side a, b, y;
  std::optional<Side> c;
  int64_t rows = 1, inner = 1, columns = 1;
  int64_t floats = 0;  // Of the result, in the plan's shape.
  double alpha = 1, beta = 1;
};

class MatMulStep : public Step {
 public:
  MatMulStep(const std::string& op, Setup setup, bool in_doubles)
      : kernel_(ChooseMatMulKernel()), in_doubles_(in_doubles), setup_(std::move(setup)) {
    kernel = KernelName(op, in_doubles ? "f64" : "f32");
    target = hwy::TargetName(kernel_.target);
    scratch_floats = kernel_.ScratchFloats(setup_.inner);
  }

  void Run(const RunContext& context) const override {
    const Setup& s = setup_;
    const int64_t pieces = (s.rows + kTaskRows - 1) / kTaskRows, matrices = static_cast<int64_t>(s.y.starts.size());
    context.pool->ParallelFor(pieces * matrices * context.batch, [&](int64_t i, int thread) {
      const int64_t first = i % pieces * kTaskRows, image = i / pieces / matrices;
      const auto matrix = static_cast<size_t>(i / pieces % matrices);
      const auto from = [&](const Side& side, int64_t row) -> StridedMatrix<const float> {
        return {side.value.Of(image, context, inputs) + side.starts[matrix] + row * side.row, side.row, side.column};
      };
      MatMulTask task;
      task.rows = std::min(kTaskRows, s.rows - first);
      task.inner = s.inner;
      task.columns = s.columns;
      task.alpha = s.alpha;
      task.beta = s.beta;
      task.a = from(s.a, first);
      task.b = from(s.b, 0);
      if (s.c.has_value()) task.c = from(*s.c, first);
      task.y = {context.Value(outputs[0]) + image * s.floats + s.y.starts[matrix] + first * s.y.row, s.y.row,
                s.y.column};
      task.scratch = context.Scratch(thread);
      in_doubles_ ? kernel_.run_in_doubles(task) : kernel_.run(task);
    });
  }

 private:
  const MatMulKernel& kernel_;
  bool in_doubles_;
  Setup setup_;
};

// A vector on the left is a row, on the right a column, which the result loses.
Setup ReadMatMul(const Shape& a, const Shape& b, const Shape& y) {
  MatrixDimensions of_a = {std::nullopt, 0}, of_b = {0, std::nullopt}, of_y;
  if (a.size() > 1) of_a = LastOf(a);
  if (b.size() > 1) of_b = LastOf(b);
  size_t dimensions = y.size();
  if (b.size() > 1) of_y.column = --dimensions;
  if (a.size() > 1) of_y.row = --dimensions;
  const Shape stack(y.begin(), y.begin() + static_cast<std::ptrdiff_t>(dimensions));
  Setup setup;
  setup.a = ReadSide(a, of_a, stack), setup.b = ReadSide(b, of_b, stack), setup.y = ReadSide(y, of_y, stack);
  if (of_a.row.has_value()) setup.rows = a[*of_a.row];
  if (of_b.column.has_value()) setup.columns = b[*of_b.column];
  setup.inner = a.back();
  return setup;
}

Setup ReadGemm(const Node& node, const Shape& a, const Shape& b, const Shape* c, const Shape& y) {
  const auto dimensions = [&](const char* transposed) {
    return IntAttribute(node, transposed, 0) != 0 ? MatrixDimensions{1, 0} : MatrixDimensions{0, 1};
  };
  const MatrixDimensions of_a = dimensions("transA");
  Setup setup;
  setup.a = ReadSide(a, of_a, {}), setup.b = ReadSide(b, dimensions("transB"), {});
  setup.y = ReadSide(y, LastOf(y), {});
  if (c != nullptr) {
    MatrixDimensions of_c;
    if (!c->empty()) of_c.column = c->size() - 1;
    if (c->size() > 1) of_c.row = 0;
    setup.c = ReadSide(*c, of_c, {});
  }
  setup.rows = y[0], setup.inner = a[*of_a.column], setup.columns = y[1];
  setup.alpha = FloatAttribute(node, "alpha", 1);
  setup.beta = FloatAttribute(node, "beta", 1);
  return setup;
}

// Whether another kernel takes the product as a layer.
bool IsLayer(const Node& node, const Lowering& lowering) {
  Product product;
  return ReadProduct(node, lowering, &product) && (CanPack(product.groups[0]) || CanPackCodebook(product.groups[0]));
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "MatMul" && (node.op != "Gemm" || IsLayer(node, *lowering))) return nullptr;
  const Shape &a = lowering->ShapeOf(node.inputs[0]), &b = lowering->ShapeOf(node.inputs[1]),
              &y = lowering->ShapeOf(node.outputs[0]);
  const Shape* c = HasInput(node, 2) ? &lowering->ShapeOf(node.inputs[2]) : nullptr;
  Setup setup = node.op == "Gemm" ? ReadGemm(node, a, b, c, y) : ReadMatMul(a, b, y);
  // With the dimensions of 1 that vectors are given.
  const size_t rank = y.size() + (a.size() == 1 ? 1 : 0) + (b.size() == 1 ? 1 : 0);
  Side* const sides[] = {&setup.a, &setup.b, setup.c.has_value() ? &*setup.c : nullptr};
  std::vector<std::string> reads;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!HasInput(node, i)) continue;
    sides[i]->value = ReadOperand(node.inputs[i], *lowering, &reads);
    // A batch counts along the first dimension of each computed value: it has to be the output's.
    const bool computed = sides[i]->value.input >= 0;
    if (computed && lowering->ShapeOf(node.inputs[i]).size() != rank && lowering->TakesAnyBatch()) return nullptr;
  }
  setup.floats = Elements(y);
  auto step = std::make_unique<MatMulStep>(node.op, std::move(setup), lowering->InIntegers());
  step->reads = std::move(reads);
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::mat_mul
