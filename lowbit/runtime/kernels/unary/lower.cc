// Functions of one element by their definition in doubles: where there is no vector code, which the kernel `affine` runs, and where every bit
// counts, which is in networks of integers. There Sigmoid has vector code with the definition's bits.

#include <algorithm>
#include <optional>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/runtime/fallback.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/kernels/unary/rounded.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::unary {
namespace {

constexpr int64_t kTaskFloats = 1 << 12;

// A piece of the value at a time.
class UnaryStep : public Step {
 public:
  explicit UnaryStep(int64_t count) : count_(count) {}

  void Run(const RunContext& context) const override {
    const int64_t count = count_ * context.batch;
    context.pool->ParallelFor((count + kTaskFloats - 1) / kTaskFloats, [&](int64_t i, int) {
      const int64_t at = i * kTaskFloats;
      Apply(std::min(kTaskFloats, count - at), context.Value(inputs[0]) + at, context.Value(outputs[0]) + at);
    });
  }

 private:
  virtual void Apply(int64_t count, const float* x, float* y) const = 0;

  int64_t count_;
};

// The operator's definition.
class DefinitionStep : public UnaryStep {
 public:
  // constants: inputs 1, 2, ..., absent ones empty
  DefinitionStep(const Node& node, int64_t count, std::vector<std::optional<DoubleTensor>> constants)
      : UnaryStep(count), node_(node), constants_(std::move(constants)) {
    kernel = KernelName(node.op, "f64");
  }

 private:
  void Apply(int64_t count, const float* x, float* y) const override {
    const DoubleTensor piece({count}, std::vector<double>(x, x + count));
    std::vector<const DoubleTensor*> operands = {&piece};
    for (const auto& constant : constants_) operands.push_back(constant.has_value() ? &*constant : nullptr);
    const std::vector<DoubleTensor> result = FindOperator(node_.op)->evaluate(node_, operands);
    std::copy(result[0].data.begin(), result[0].data.end(), y);
  }

  Node node_;
  std::vector<std::optional<DoubleTensor>> constants_;
};

// The bits of the definition, which is asked only where they are in doubt.
class RoundedSigmoidStep : public UnaryStep {
 public:
  explicit RoundedSigmoidStep(int64_t count) : UnaryStep(count), kernel_(ChooseRoundedSigmoid()) {
    kernel = KernelName("Sigmoid", "f64");
    target = hwy::TargetName(kernel_.target);
  }

 private:
  void Apply(int64_t count, const float* x, float* y) const override {
    std::vector<int64_t> unsure;
    kernel_.run(count, x, y, &unsure);
    if (unsure.empty()) return;
    DoubleTensor asked({static_cast<int64_t>(unsure.size())});
    for (size_t i = 0; i < unsure.size(); ++i) asked.data[i] = x[unsure[i]];
    const std::vector<DoubleTensor> result = FindOperator("Sigmoid")->evaluate({"", "Sigmoid", {}, {}, {}}, {&asked});
    for (size_t i = 0; i < unsure.size(); ++i) y[unsure[i]] = static_cast<float>(result[0].data[i]);
  }

  const RoundedSigmoid& kernel_;
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
  std::unique_ptr<Step> step;
  if (lowering->InIntegers() && node.op == "Sigmoid") step = std::make_unique<RoundedSigmoidStep>(count);
  if (step == nullptr) step = MakeDefinitionStep(node, count, *lowering);
  if (step == nullptr) return nullptr;
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::unary
