// Functions of one element by their definition in doubles: where there is no vector code, which the kernel `affine` runs, and where every bit
// counts, which is in networks of integers.

#include <algorithm>
#include <optional>
#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/runtime/fallback.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::unary {
namespace {

constexpr int64_t kTaskFloats = 1 << 12;

// The operator's definition on a piece of the value at a time.
class DefinitionStep : public Step {
 public:
  // constants: inputs 1, 2, ..., absent ones empty
  DefinitionStep(const Node& node, int64_t count, std::vector<std::optional<DoubleTensor>> constants)
      : count_(count), node_(node), constants_(std::move(constants)) {
    kernel = KernelName(node.op, "f64");
  }

  void Run(const RunContext& context) const override {
    const int64_t count = count_ * context.batch;
    context.pool->ParallelFor((count + kTaskFloats - 1) / kTaskFloats, [&](int64_t i, int) {
      const int64_t at = i * kTaskFloats;
      Apply(std::min(kTaskFloats, count - at), context.Value(inputs[0]) + at, context.Value(outputs[0]) + at);
    });
  }

 private:
  void Apply(int64_t count, const float* x, float* y) const {
    const DoubleTensor piece({count}, std::vector<double>(x, x + count));
    std::vector<const DoubleTensor*> operands = {&piece};
    for (const auto& constant : constants_) operands.push_back(constant.has_value() ? &*constant : nullptr);
    const std::vector<DoubleTensor> result = FindOperator(node_.op)->evaluate(node_, operands);
    std::copy(result[0].data.begin(), result[0].data.end(), y);
  }

  int64_t count_;
  Node node_;
  std::vector<std::optional<DoubleTensor>> constants_;
};

// Whether element i of the output depends on element i of input 0 alone.
bool WorksByElement(const Node& node) {
  if (FindOperator(node.op)->infer == &ops::InferSameShape) return true;
  static const char* const others[] = {"BipolarQuant", "Cast", "LevelQuant", "Quant"};
  return std::find(std::begin(others), std::end(others), node.op) != std::end(others);
}

std::unique_ptr<Step> MakeDefinitionStep(const Node& node, int64_t count, const Lowering& lowering) {
  std::vector<std::optional<DoubleTensor>> constants;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    constants.emplace_back();
    if (!HasInput(node, i)) continue;
    const Parameter* constant = lowering.Constant(node.inputs[i]);
    if (constant == nullptr) return nullptr;
    constants.back() = WidenParameter(*constant);
  }
  return std::make_unique<DefinitionStep>(node, count, std::move(constants));
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (!WorksByElement(node) || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const int64_t count = Elements(lowering->ShapeOf(node.inputs[0]));
  std::unique_ptr<Step> step = MakeDefinitionStep(node, count, *lowering);
  if (step == nullptr) return nullptr;
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::unary
