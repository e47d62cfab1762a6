// Batch normalization, arithmetic with a constant for each channel, Add of two values, Relu, Clip, PRelu: chains of
// them that no product could take along.

#include <algorithm>

#include "hwy/targets.h"
#include "lowbit/runtime/kernels/affine/kernel.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::affine {
namespace {

constexpr int64_t kTaskFloats = 1 << 15;
// The kernel's inner loop runs over the channels; fewer than this are repeated for several pixels at a time.
constexpr size_t kMinChannels = 64;

void Repeat(size_t times, std::vector<float>* values) {
  const std::vector<float> once = *values;
  for (size_t i = 1; i < times; ++i) values->insert(values->end(), once.begin(), once.end());
}

class AffineStep : public Step {
 public:
  AffineStep(int64_t count, const Fusion& fusion)
      : kernel_(ChooseAffineKernel()), count_(count), epilogue_(fusion.Rounded()) {
    kernel = "affine_f32";
    target = hwy::TargetName(kernel_.target);
    const size_t times = std::max<size_t>(1, kMinChannels / std::max<size_t>(1, epilogue_.scale.size()));
    for (std::vector<float>* values : {&epilogue_.scale, &epilogue_.shift, &epilogue_.slope}) Repeat(times, values);
  }

  void Run(const RunContext& context) const override {
    const int64_t count = count_ * context.batch, width = static_cast<int64_t>(epilogue_.scale.size());
    if (count == 0) return;
    const int64_t per_task = std::max<int64_t>(1, kTaskFloats / width) * width;
    const float* x = context.Value(inputs[0]);
    const float* residual = inputs.size() > 1 ? context.Value(inputs[1]) : nullptr;
    float* y = context.Value(outputs[0]);
    context.pool->ParallelFor((count + per_task - 1) / per_task, [&](int64_t i, int) {
      const int64_t at = i * per_task;
      kernel_.run(epilogue_, std::min(per_task, count - at), x + at, residual == nullptr ? nullptr : residual + at,
                  y + at);
    });
  }

 private:
  const AffineKernel& kernel_;
  int64_t count_;  // Floats in the plan's shape.
  Epilogue epilogue_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  for (const std::string& input : node.inputs) {
    if (input.empty() || lowering->Constant(input) != nullptr) continue;
    const Shape& shape = lowering->ShapeOf(input);
    if (!Lowering::CanFuse(shape)) return nullptr;
    Fusion fusion = lowering->StartFusion(input);
    if (!lowering->Absorb(index, &fusion)) continue;
    lowering->AbsorbConsumers(&fusion);
    auto step = std::make_unique<AffineStep>(Elements(shape), fusion);
    step->reads = {input};
    if (!fusion.residual.empty()) step->reads.push_back(fusion.residual);
    step->writes = {fusion.output};
    step->nodes = fusion.nodes;
    return step;
  }
  return nullptr;
}

}  // namespace lowbit::runtime::kernels::affine
