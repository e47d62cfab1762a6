// Conv with one input and one output channel in each group, weights known at load.

#include <algorithm>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/runtime/kernels/depthwise/kernel.h"
#include "lowbit/runtime/product.h"

namespace lowbit::runtime::kernels::depthwise {
namespace {

class DepthwiseStep : public Step {
 public:
  DepthwiseStep(const ConvShape& shape, int64_t images, const WeightSource& source, const Fusion& fusion)
      : kernel_(ChooseDepthwiseKernel()),
        shape_(shape),
        images_(images),
        epilogue_(fusion.Rounded()),
        weights_(Pack(source, kernel_.lanes)) {
    kernel = "depthwise_f32_" + weights_.values;
    target = hwy::TargetName(kernel_.target);
    scratch_floats = (weights_.columns + 1) * weights_.PanelWidth();
  }

  void Run(const RunContext& context) const override {
    const int64_t pixels = images_ * context.batch * shape_.out_height * shape_.out_width;
    const int64_t task_pixels = std::max<int64_t>(64, pixels / (2 * context.pool->threads()) + 1);
    const int64_t pixel_tasks = (pixels + task_pixels - 1) / task_pixels;
    context.pool->ParallelFor(weights_.Panels() * pixel_tasks, [&](int64_t i, int thread) {
      DepthwiseTask task;
      task.shape = &shape_;
      task.weights = &weights_;
      task.epilogue = &epilogue_;
      task.input = context.Value(inputs[0]);
      task.residual = inputs.size() > 1 ? context.Value(inputs[1]) : nullptr;
      task.output = context.Value(outputs[0]);
      task.panel = i / pixel_tasks;
      task.first_pixel = i % pixel_tasks * task_pixels;
      task.pixels = std::min(task_pixels, pixels - task.first_pixel);
      task.scratch = context.Scratch(thread);
      kernel_.run(task);
    });
  }

 private:
  const DepthwiseKernel& kernel_;
  ConvShape shape_;
  int64_t images_;
  Epilogue epilogue_;
  PackedWeights weights_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  Product product;
  if (!ReadProduct(node, *lowering, &product) || !product.depthwise || !CanPack(product.groups[0])) return nullptr;
  const std::string reason = WhyNotBytes(node, *lowering, product);
  if (reason.empty()) return nullptr;
  Fusion fusion = lowering->FuseProduct(index, product.bias);
  fusion.MultiplyScales(product.groups[0], 1);
  auto step = std::make_unique<DepthwiseStep>(product.shape, product.images, product.groups[0], fusion);
  step->reason = reason;
  step->fallback = lowering->InIntegers();
  step->reads = {node.inputs[0]};
  if (!fusion.residual.empty()) step->reads.push_back(fusion.residual);
  step->writes = {fusion.output};
  step->nodes = fusion.nodes;
  return step;
}

}  // namespace lowbit::runtime::kernels::depthwise
