// MaxPool, AveragePool, GlobalAveragePool of images.

#include <algorithm>

#include "hwy/targets.h"
#include "lowbit/core/ops_common/pool.h"
#include "lowbit/runtime/kernels/pool/kernel.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::pool {
namespace {

constexpr int64_t kTaskFloats = 1 << 14;

class PoolStep : public Step {
 public:
  PoolStep(const PoolShape& shape, int64_t images) : kernel_(ChoosePoolKernel()), shape_(shape), images_(images) {
    kernel = shape.kind == PoolKind::kMaximum ? "maxpool_f32" : "avgpool_f32";
    target = hwy::TargetName(kernel_.target);
  }

  void Run(const RunContext& context) const override {
    const int64_t pixels = images_ * context.batch * shape_.window.OutputPlane();
    const int64_t task_pixels = std::max<int64_t>(1, kTaskFloats / std::max<int64_t>(1, shape_.channels));
    context.pool->ParallelFor((pixels + task_pixels - 1) / task_pixels, [&](int64_t i, int) {
      const int64_t first = i * task_pixels;
      kernel_.run(shape_, first, std::min(task_pixels, pixels - first), context.Value(inputs[0]),
                  context.Value(outputs[0]));
    });
  }

 private:
  const PoolKernel& kernel_;
  PoolShape shape_;
  int64_t images_;
};

ops::Window WholeImage(const Shape& shape) {
  ops::Window window;
  window.y.input = window.y.kernel = shape[2];
  window.x.input = window.x.kernel = shape[3];
  return window;
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  const bool global = node.op == "GlobalAveragePool";
  if (!global && node.op != "MaxPool" && node.op != "AveragePool") return nullptr;
  const Shape& input = lowering->ShapeOf(node.inputs[0]);
  if (input.size() != 4 || Elements(input) == 0) return nullptr;
  PoolShape shape;
  shape.channels = input[1];
  shape.window = global ? WholeImage(input) : ops::ResolvePool(node, input).value();
  if (node.op != "MaxPool") {
    shape.kind = IntAttribute(node, "count_include_pad", 0) != 0 ? PoolKind::kAveragePads : PoolKind::kAverage;
  }
  auto step = std::make_unique<PoolStep>(shape, input[0]);
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::pool
