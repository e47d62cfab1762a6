// Add, Sub, Mul, Div of two equally shaped values, or of a value and a constant that repeats for each image (a mean
// image): what the kernel `affine` cannot take.

#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/runtime/layout.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::binary {
namespace {

enum class Operation : uint8_t { kAdd, kSub, kMul, kDiv };

void Apply(Operation operation, const float* a, const float* b, int64_t count, float* y) {
  switch (operation) {
    case Operation::kAdd:
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] + b[i];
      return;
    case Operation::kSub:
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] - b[i];
      return;
    case Operation::kMul:
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] * b[i];
      return;
    case Operation::kDiv:
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] / b[i];
      return;
  }
}

class BinaryStep : public Step {
 public:
  // `constant`: the values of one image in the runtime's order, or empty where both operands are computed.
  BinaryStep(Operation operation, int64_t images, int64_t image_floats, std::vector<float> constant, bool first)
      : operation_(operation),
        images_(images),
        image_floats_(image_floats),
        constant_(std::move(constant)),
        constant_first_(first) {
    kernel = "binary_f32";
  }

  void Run(const RunContext& context) const override {
    context.pool->ParallelFor(images_ * context.batch, [&](int64_t i, int) {
      const float* a = context.Value(inputs[0]) + i * image_floats_;
      const float* b = constant_.empty() ? context.Value(inputs[1]) + i * image_floats_ : constant_.data();
      if (constant_first_) std::swap(a, b);
      Apply(operation_, a, b, image_floats_, context.Value(outputs[0]) + i * image_floats_);
    });
  }

 private:
  Operation operation_;
  int64_t images_, image_floats_;
  std::vector<float> constant_;
  bool constant_first_;
};

bool FindOperation(const std::string& op, Operation* operation) {
  static const std::pair<const char*, Operation> operations[] = {
      {"Add", Operation::kAdd}, {"Sub", Operation::kSub}, {"Mul", Operation::kMul}, {"Div", Operation::kDiv}};
  for (const auto& [name, value] : operations) {
    if (op != name) continue;
    *operation = value;
    return true;
  }
  return false;
}

// The constant, repeated to fill one image of `shape`, channels last. Empty if it differs between images.
std::vector<float> RepeatOverImage(const FloatTensor& constant, const Shape& shape) {
  if (constant.shape.size() > shape.size()) return {};
  if (constant.shape.size() == shape.size() && constant.shape[0] != 1) return {};
  Shape image = shape;
  image[0] = 1;
  std::vector<float> rows(static_cast<size_t>(Elements(image))), result(rows.size());
  const std::vector<int64_t> indices = ops::GatherIndices(image, ops::BroadcastStrides(constant.shape, image));
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = constant.data[static_cast<size_t>(indices[i])];
  if (shape.size() != 4) return rows;
  ToChannelsLast(rows.data(), 1, ImageExtentsOf(image), result.data());
  return result;
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  Operation operation;
  if (!FindOperation(node.op, &operation)) return nullptr;
  const Shape& shape = lowering->ShapeOf(node.outputs[0]);
  if (shape.empty() || Elements(shape) == 0) return nullptr;
  const bool first_constant = lowering->Constant(node.inputs[0]) != nullptr;
  const std::string& value = node.inputs[first_constant ? 1 : 0];
  const std::string& other = node.inputs[first_constant ? 0 : 1];
  if (lowering->ShapeOf(value) != shape) return nullptr;

  std::vector<std::string> reads = {value};
  std::vector<float> constant;
  if (lowering->Constant(other) != nullptr) {
    const FloatTensor* tensor = lowering->FloatConstant(other);
    if (tensor == nullptr) return nullptr;
    constant = RepeatOverImage(*tensor, shape);
    if (constant.empty()) return nullptr;
  } else {
    if (lowering->ShapeOf(other) != shape) return nullptr;
    reads.push_back(other);
  }
  auto step = std::make_unique<BinaryStep>(operation, shape[0], Elements(shape) / shape[0], std::move(constant),
                                           first_constant);
  step->reads = std::move(reads);
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::binary
