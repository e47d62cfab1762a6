#include "lowbit/runtime/fallback.h"

#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/runtime/layout.h"

namespace lowbit::runtime {
namespace {

template <typename T>
DoubleTensor Widen(const Tensor<T>& tensor) {
  return DoubleTensor(tensor.shape, std::vector<double>(tensor.data.begin(), tensor.data.end()));
}

DoubleTensor Widen(const QTensor& tensor) { return Widen(Dequantize(tensor)); }

// One operand of the node: absent, a constant, or the next of the step's inputs.
struct Operand {
  bool present = false;
  bool constant = false;
  Parameter value;  // Kept as it is: low-bit constants are widened for the time of one run.
  Shape shape;
};

Shape ScaleBatch(Shape shape, int64_t batch) {
  if (!shape.empty()) shape[0] *= batch;
  return shape;
}

class FallbackStep : public Step {
 public:
  FallbackStep(const Node& node, std::vector<Operand> operands) : node_(node), operands_(std::move(operands)) {
    kernel = "evaluate_f64";
    reason = "there is no kernel for this " + node.op;
    fallback = true;
  }

  void Run(const RunContext& context) const override {
    std::vector<DoubleTensor> values(operands_.size());
    std::vector<const DoubleTensor*> pointers(operands_.size(), nullptr);
    size_t next = 0;
    for (size_t i = 0; i < operands_.size(); ++i) {
      if (!operands_[i].present) continue;
      values[i] = operands_[i].constant
                      ? WidenParameter(operands_[i].value)
                      : Read(context.Value(inputs[next++]), ScaleBatch(operands_[i].shape, context.batch));
      pointers[i] = &values[i];
    }
    const std::vector<DoubleTensor> computed = FindOperator(node_.op)->evaluate(node_, pointers);
    next = 0;
    for (size_t i = 0; i < node_.outputs.size(); ++i) {
      if (!node_.outputs[i].empty()) Write(computed[i], context.Value(outputs[next++]));
    }
  }

 private:
  static DoubleTensor Read(const float* from, const Shape& shape) {
    std::vector<float> ordered(static_cast<size_t>(Elements(shape)));
    if (!ordered.empty()) ToChannelsFirst(from, Images(shape), WholeExtents(shape), ordered.data());
    return Widen(FloatTensor(shape, std::move(ordered)));
  }

  static void Write(const DoubleTensor& value, float* to) {
    const std::vector<float> narrow(value.data.begin(), value.data.end());
    if (!narrow.empty()) ToChannelsLast(narrow.data(), Images(value.shape), WholeExtents(value.shape), to);
  }

  // A value with one order only is copied as a single image of one channel.
  static int64_t Images(const Shape& shape) { return shape.size() == 4 ? shape[0] : 1; }
  static ImageExtents WholeExtents(const Shape& shape) {
    return shape.size() == 4 ? ImageExtentsOf(shape) : ImageExtents{1, Elements(shape)};
  }

  Node node_;
  std::vector<Operand> operands_;
};

}  // namespace

DoubleTensor WidenParameter(const Parameter& parameter) {
  return std::visit([](const auto& tensor) { return Widen(tensor); }, parameter.value);
}

std::unique_ptr<Step> LowerToFallback(size_t index, const Lowering& lowering) {
  const Node& node = lowering.graph().nodes[index];
  std::vector<Operand> operands(node.inputs.size());
  std::vector<std::string> reads, writes;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!HasInput(node, i)) continue;
    operands[i].present = true;
    operands[i].shape = lowering.ShapeOf(node.inputs[i]);
    if (const Parameter* constant = lowering.Constant(node.inputs[i])) {
      operands[i].constant = true;
      operands[i].value = *constant;
    } else {
      reads.push_back(node.inputs[i]);
    }
  }
  for (const std::string& output : node.outputs) {
    if (output.empty()) continue;
    writes.push_back(output);
  }
  auto step = std::make_unique<FallbackStep>(node, std::move(operands));
  step->reads = std::move(reads);
  step->writes = std::move(writes);
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime
