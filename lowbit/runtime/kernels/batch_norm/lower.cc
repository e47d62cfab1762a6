// BatchNormalization that the kernel `affine` does not take: of values with other than two or four dimensions, or with numbers that
// are computed. In doubles, in the definition's order: results are its, rounded to float once.

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/runtime/operand.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/storage_strides.h"

namespace lowbit::runtime::kernels::batch_norm {
namespace {

constexpr int64_t kTaskFloats = 1 << 14;

class BatchNormStep : public Step {
 public:
  // Values are [blocks][channels][inner], as they are stored; operands: scale, shift, mean, variance.
  BatchNormStep(int64_t blocks, int64_t channels, int64_t inner, double epsilon, std::vector<Operand> operands)
      : blocks_(blocks), channels_(channels), inner_(inner), epsilon_(epsilon), operands_(std::move(operands)) {
    kernel = "batchnormalization_f64";
    scratch_floats = 2 * channels;  // The channels' deviations, in doubles.
  }

  void Run(const RunContext& context) const override {
    const int64_t blocks = blocks_ * context.batch, size = channels_ * inner_;
    const int64_t of_task = std::max<int64_t>(1, kTaskFloats / size);
    const float *scale = Of(0, context), *shift = Of(1, context), *mean = Of(2, context), *variance = Of(3, context);
    context.pool->ParallelFor((blocks + of_task - 1) / of_task, [&](int64_t task, int thread) {
      auto* deviation = reinterpret_cast<double*>(context.Scratch(thread));
      for (int64_t c = 0; c < channels_; ++c) deviation[c] = std::sqrt(variance[c] + epsilon_);
      const int64_t end = std::min(blocks, (task + 1) * of_task);
      for (int64_t row = task * of_task * channels_; row < end * channels_; ++row) {
        const float* x = context.Value(inputs[0]) + row * inner_;
        float* y = context.Value(outputs[0]) + row * inner_;
        const int64_t c = row % channels_;
        for (int64_t i = 0; i < inner_; ++i) {
          y[i] = static_cast<float>((double{x[i]} - mean[c]) / deviation[c] * scale[c] + shift[c]);
        }
      }
    });
  }

 private:
  const float* Of(size_t i, const RunContext& context) const { return operands_[i].Of(0, context, inputs); }

  int64_t blocks_, channels_, inner_;
  double epsilon_;
  std::vector<Operand> operands_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "BatchNormalization" || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const Shape& shape = lowering->ShapeOf(node.inputs[0]);
  const bool all_floats = std::all_of(node.inputs.begin() + 1, node.inputs.end(), [&](const std::string& input) {
    return lowering->FloatConstant(input) != nullptr;
  });
  if ((shape.size() == 2 || shape.size() == 4) && all_floats && !lowering->InIntegers()) return nullptr;
  std::vector<std::string> reads = {node.inputs[0]};
  std::vector<Operand> operands;
  for (size_t i = 1; i < node.inputs.size(); ++i) operands.push_back(ReadOperand(node.inputs[i], *lowering, &reads));
  const int64_t inner = StorageStrides(shape)[1];
  auto step = std::make_unique<BatchNormStep>(Elements(shape) / (shape[1] * inner), shape[1], inner,
                                              FloatAttribute(node, "epsilon", 1e-5), std::move(operands));
  step->reads = std::move(reads);
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::batch_norm
