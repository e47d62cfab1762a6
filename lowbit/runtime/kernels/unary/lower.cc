// Functions of one element that the kernel `affine` does not take: in float vectors, or by their definition in doubles where there is no such code and where
// every bit counts, which is in networks of integers.

#include <algorithm>
#include <optional>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/runtime/fallback.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/kernels/unary/kernel.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::unary {
namespace {

constexpr int64_t kTaskFloats = 1 << 12;

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

class VectorStep : public UnaryStep {
 public:
  VectorStep(const std::string& op, int64_t count, const UnaryCall& call)
      : UnaryStep(count), kernel_(ChooseUnaryKernel()), call_(call) {
    kernel = KernelName(op, "f32");
    target = hwy::TargetName(kernel_.target);
  }

 private:
  void Apply(int64_t count, const float* x, float* y) const override { kernel_.run(call_, count, x, y); }

  const UnaryKernel& kernel_;
  UnaryCall call_;
};

// The operator's definition on a piece of the value at a time.
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

std::optional<UnaryCall> CallOf(const Node& node) {
  using F = VectorFunction;
  static const std::pair<const char*, F> functions[] = {{"Abs", F::kAbs},
                                                        {"Ceil", F::kCeil},
                                                        {"Elu", F::kElu},
                                                        {"Erf", F::kErf},
                                                        {"Exp", F::kExp},
                                                        {"Floor", F::kFloor},
                                                        {"Gelu", F::kGelu},
                                                        {"HardSigmoid", F::kHardSigmoid},
                                                        {"HardSwish", F::kHardSwish},
                                                        {"Log", F::kLog},
                                                        {"Mish", F::kMish},
                                                        {"Neg", F::kNeg},
                                                        {"Reciprocal", F::kReciprocal},
                                                        {"Round", F::kRound},
                                                        {"Selu", F::kSelu},
                                                        {"Sigmoid", F::kSigmoid},
                                                        {"Softplus", F::kSoftplus},
                                                        {"Softsign", F::kSoftsign},
                                                        {"Sqrt", F::kSqrt},
                                                        {"Tanh", F::kTanh}};
  const auto found = std::find_if(std::begin(functions), std::end(functions),
                                  [&](const auto& function) { return node.op == function.first; });
  if (found == std::end(functions)) return std::nullopt;
  UnaryCall call;
  call.function = found->second;
  const auto read = [&](const char* name, double otherwise) {
    return static_cast<float>(FloatAttribute(node, name, otherwise));
  };
  if (node.op == "Elu") call.a = read("alpha", 1);
  if (node.op == "HardSigmoid") call.a = read("alpha", 0.2), call.b = read("beta", 0.5);
  if (node.op == "Selu")
    call.a = read("alpha", 1.67326319217681884765625), call.b = read("gamma", 1.05070102214813232421875);
  if (node.op == "Gelu" && StringAttribute(node, "approximate", "none") == "tanh") call.function = F::kGeluTanh;
  return call;
}

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
  if (!lowering->InIntegers()) {
    const std::optional<UnaryCall> call = CallOf(node);
    if (call.has_value()) step = std::make_unique<VectorStep>(node.op, count, *call);
  }
  if (step == nullptr) step = MakeDefinitionStep(node, count, *lowering);
  if (step == nullptr) return nullptr;
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::unary
