// Batch normalization, arithmetic with a constant for each channel, Add of two values, Relu, LeakyRelu, Clip, PRelu:
// chains of them that no product could take along. Quant and BipolarQuant that make bytes, behind such a chain or alone.
// Functions in float vectors, with the chain behind them.

#include <algorithm>
#include <cmath>

#include "hwy/targets.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/kernels/affine/gate.h"
#include "lowbit/runtime/kernels/affine/kernel.h"
#include "lowbit/runtime/kernels/unary/call.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/task_size.h"

namespace lowbit::runtime::kernels::affine {
namespace {

constexpr int64_t kTaskFloats = 1 << 15;
constexpr int64_t kTaskOfTwo = 1 << 12;  // What one kernel leaves stays in the first-level cache for another.
constexpr int64_t kLeastFloats = 1 << 11;
// The kernel's inner loop runs over the channels; fewer than this are repeated for several pixels at a time, for so many
// that whole vectors hold them.
constexpr size_t kMinChannels = 64, kPixelsOfVectors = 16;

void Repeat(size_t times, std::vector<float>* values) {
  const std::vector<float> once = *values;
  for (size_t i = 1; i < times; ++i) values->insert(values->end(), once.begin(), once.end());
}

// Up to the sign of zero.
bool IsIdentity(const Epilogue& e) {
  const auto all = [](const std::vector<float>& values, float value) {
    return std::all_of(values.begin(), values.end(), [value](float v) { return v == value; });
  };
  return all(e.scale, 1) && all(e.shift, 0) && e.slope.empty() && std::isinf(e.low) && std::isinf(e.high);
}

class AffineStep : public Step {
 public:
  // `function`: what is done to each value before the chain; then there is no quantizer.
  AffineStep(int64_t count, const Fusion& fusion, const std::optional<UnaryCall>& function = {})
      : kernel_(ChooseAffineKernel()),
        functions_(ChooseUnaryKernel()),
        count_(count),
        epilogue_(fusion.Rounded()),
        quantizer_(fusion.quantizer),
        function_(function) {
    kernel = quantizer_.has_value() ? "affine_f32_u8" : "affine_f32";
    target = hwy::TargetName(kernel_.target);
    const size_t channels = std::max<size_t>(1, epilogue_.scale.size());
    const size_t times = channels < kMinChannels
                             ? (kMinChannels / channels + kPixelsOfVectors - 1) / kPixelsOfVectors * kPixelsOfVectors
                             : 1;
    for (std::vector<float>* values : {&epilogue_.scale, &epilogue_.shift, &epilogue_.slope}) Repeat(times, values);
    has_chain_ = !fusion.residual.empty() || !IsIdentity(epilogue_);
    only_quantizes_ = quantizer_.has_value() && !has_chain_;
    if (quantizer_.has_value() && !only_quantizes_) scratch_floats = MostOfTask();
  }

  void Run(const RunContext& context) const override {
    const int64_t count = count_ * context.batch;
    if (count == 0) return;
    const int64_t per_task = PerTask(count, context.pool->threads());
    const float* x = context.Value(inputs[0]);
    const float* residual = inputs.size() > 1 ? context.Value(inputs[1]) : nullptr;
    context.pool->ParallelFor((count + per_task - 1) / per_task, [&](int64_t i, int thread) {
      const int64_t at = i * per_task, floats = std::min(per_task, count - at);
      if (only_quantizes_) return kernel_.quantize(*quantizer_, floats, x + at, context.Bytes(outputs[0]) + at);
      float* y = quantizer_.has_value() ? context.Scratch(thread) : context.Value(outputs[0]) + at;
      if (function_.has_value()) functions_.run(*function_, floats, x + at, y);
      if (function_.has_value() && !has_chain_) return;
      kernel_.run(epilogue_, floats, function_.has_value() ? y : x + at, residual == nullptr ? nullptr : residual + at,
                  y);
      if (quantizer_.has_value()) kernel_.quantize(*quantizer_, floats, y, context.Bytes(outputs[0]) + at);
    });
  }

 private:
  // A multiple of the channels, like what follows.
  int64_t MostOfTask() const {
    const int64_t width = static_cast<int64_t>(epilogue_.scale.size());
    const bool twice = function_.has_value() || (quantizer_.has_value() && !only_quantizes_);
    return std::max<int64_t>(1, (twice ? kTaskOfTwo : kTaskFloats) / width) * width;
  }

  // So that all threads have as much to do, if it is worth while.
  int64_t PerTask(int64_t count, int64_t threads) const {
    const int64_t width = static_cast<int64_t>(epilogue_.scale.size()), most = MostOfTask();
    const int64_t even = EvenTask(count, kLeastFloats, most, threads);
    return std::min((even + width - 1) / width * width, most);
  }

  const AffineKernel& kernel_;
  const UnaryKernel& functions_;
  int64_t count_;  // Floats in the plan's shape.
  Epilogue epilogue_;
  std::optional<ByteQuantizer> quantizer_;
  std::optional<UnaryCall> function_;
  bool has_chain_ = false, only_quantizes_ = false;
};

// The chain that the node begins with its input; false if it begins none.
bool StartChain(size_t index, const std::string& input, Lowering* lowering, Fusion* fusion) {
  *fusion = lowering->StartFusion(input);
  const Node& node = lowering->graph().nodes[index];
  fusion->quantizer = ReadByteQuantizer(node, *lowering);
  if (fusion->quantizer.has_value()) {
    fusion->nodes = {index};
    fusion->output = node.outputs[0];
    return true;
  }
  if (!lowering->Absorb(index, fusion)) return false;
  lowering->AbsorbConsumers(fusion);
  lowering->AbsorbQuantizer(fusion);
  return true;
}

// The function that the node is, or that it and others spell out, as a gate.
std::optional<Gate> FindFunction(size_t index, const Lowering& lowering) {
  if (lowering.InIntegers()) return std::nullopt;
  if (std::optional<Gate> gate = FindGate(index, lowering)) return gate;
  const Node& node = lowering.graph().nodes[index];
  const std::optional<UnaryCall> call = VectorCallOf(node);
  if (!call.has_value() || lowering.Constant(node.inputs[0]) != nullptr) return std::nullopt;
  Gate alone;
  alone.function = node.op;
  alone.input = node.inputs[0];
  alone.output = node.outputs[0];
  alone.call = *call;
  alone.nodes = {index};
  return alone;
}

std::unique_ptr<Step> LowerFunction(const Gate& function, Lowering* lowering) {
  Fusion fusion = lowering->StartFusion(function.output);
  for (double& scale : fusion.affine.scale) scale *= function.factor;
  fusion.nodes = function.nodes;
  lowering->AbsorbConsumers(&fusion);
  auto step = std::make_unique<AffineStep>(Elements(lowering->ShapeOf(function.input)), fusion, function.call);
  step->kernel = KernelName(function.function, "f32");
  step->target = hwy::TargetName(ChooseUnaryKernel().target);
  step->reads = {function.input};
  if (!fusion.residual.empty()) step->reads.push_back(fusion.residual);
  step->writes = {fusion.output};
  step->nodes = fusion.nodes;
  return step;
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  if (const std::optional<Gate> function = FindFunction(index, *lowering)) return LowerFunction(*function, lowering);
  const Node& node = lowering->graph().nodes[index];
  for (const std::string& input : node.inputs) {
    if (input.empty() || lowering->Constant(input) != nullptr) continue;
    const Shape& shape = lowering->ShapeOf(input);
    if (shape.empty()) return nullptr;
    Fusion fusion;
    if (!StartChain(index, input, lowering, &fusion)) continue;
    auto step = std::make_unique<AffineStep>(Elements(shape), fusion);
    step->reads = {input};
    if (!fusion.residual.empty()) step->reads.push_back(fusion.residual);
    step->writes = {Lowering::StoredName(fusion)};
    step->nodes = fusion.nodes;
    return step;
  }
  return nullptr;
}

}  // namespace lowbit::runtime::kernels::affine
