#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::gemm {
namespace {

// Rows and columns of the matrix that op(x) is: x, or x transposed.
struct Extents {
  int64_t rows, columns;
};

Extents ExtentsOf(const Node& node, const char* transpose, const Shape& shape) {
  if (IntAttribute(node, transpose, 0) != 0) return {shape[1], shape[0]};
  return {shape[0], shape[1]};
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  for (size_t i = 0; i < 2; ++i) {
    if (inputs[i].shape.size() == 2) continue;
    return Invalid("input " + std::to_string(i) + " must be a matrix; it has shape " + ToString(inputs[i].shape));
  }
  const Extents a = ExtentsOf(node, "transA", inputs[0].shape), b = ExtentsOf(node, "transB", inputs[1].shape);
  if (a.columns != b.rows) {
    return Invalid("weight has " + std::to_string(b.rows) + " input features; input has " + std::to_string(a.columns));
  }
  const Shape output = {a.rows, b.columns};
  if (inputs.size() > 2 && inputs[2].present) {
    const Result<Shape> with_c = BroadcastShape(inputs[2].shape, output);
    if (!with_c.ok() || with_c.value() != output) {
      return Invalid("bias of shape " + ToString(inputs[2].shape) + " does not broadcast to " + ToString(output));
    }
  }
  return std::vector<Shape>{output};
}

// y = alpha * op(a) * op(b) + beta * c
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor &a = *inputs[0], &b = *inputs[1];
  const Extents in_a = ExtentsOf(node, "transA", a.shape), in_b = ExtentsOf(node, "transB", b.shape);
  const bool transposed_a = IntAttribute(node, "transA", 0) != 0, transposed_b = IntAttribute(node, "transB", 0) != 0;
  const double alpha = FloatAttribute(node, "alpha", 1), beta = FloatAttribute(node, "beta", 1);

  DoubleTensor product({in_a.rows, in_b.columns});
  for (int64_t i = 0; i < in_a.rows; ++i) {
    for (int64_t j = 0; j < in_b.columns; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < in_a.columns; ++k) {
        const int64_t index_a = transposed_a ? k * in_a.rows + i : i * in_a.columns + k;
        const int64_t index_b = transposed_b ? j * in_b.rows + k : k * in_b.columns + j;
        sum += a.data[static_cast<size_t>(index_a)] * b.data[static_cast<size_t>(index_b)];
      }
      product.data[static_cast<size_t>(i * in_b.columns + j)] = alpha * sum;
    }
  }
  if (inputs.size() < 3 || inputs[2] == nullptr) return {std::move(product)};
  return MapPairs(product, *inputs[2], [beta](double p, double c) { return p + beta * c; });
}

std::vector<int64_t> Macs(const Node& node, const std::vector<Shape>& inputs, const Shape& output) {
  return {Elements(output), ExtentsOf(node, "transB", inputs[1]).rows};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "Gemm",
      .min_inputs = 2,
      .max_inputs = 3,
      .attributes = {{"alpha", AttributeType::kFloat},
                     {"beta", AttributeType::kFloat},
                     {"transA", AttributeType::kInt},
                     {"transB", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = Evaluate,
      .macs = Macs,
  }};
}

}  // namespace lowbit::ops::gemm
