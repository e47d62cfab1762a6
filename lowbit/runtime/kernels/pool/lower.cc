// MaxPool, AveragePool, GlobalAveragePool of images.

#include <algorithm>

#include "hwy/targets.h"
#include "lowbit/core/ops_common/pool.h"
#include "lowbit/runtime/kernels/pool/kernel.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/task_size.h"

namespace lowbit::runtime::kernels::pool {
namespace {

constexpr int64_t kTaskFloats = 1 << 14, kLeastFloats = 1 << 10;

class PoolStep : public Step {
 public:
  PoolStep(const PoolShape& shape, int64_t images, bool bytes)
      : kernel_(ChoosePoolKernel()), shape_(shape), images_(images), bytes_(bytes) {
    kernel = std::string(shape.kind == PoolKind::kMaximum ? "maxpool" : "avgpool") + (bytes ? "_u8" : "_f32");
    target = hwy::TargetName(kernel_.target);
  }

  void Run(const RunContext& context) const override {
    const int64_t pixels = images_ * context.batch * shape_.window.OutputPlane();
    if (pixels == 0) return;
    const auto of_floats = [&](int64_t floats) { return std::max<int64_t>(1, floats / shape_.channels); };
    const int64_t task_pixels =
        EvenTask(pixels, of_floats(kLeastFloats), of_floats(kTaskFloats), context.pool->threads());
    context.pool->ParallelFor((pixels + task_pixels - 1) / task_pixels, [&](int64_t i, int) {
      const int64_t first = i * task_pixels, count = std::min(task_pixels, pixels - first);
      if (bytes_) return kernel_.run_bytes(shape_, first, count, context.Bytes(inputs[0]), context.Bytes(outputs[0]));
      kernel_.run(shape_, first, count, context.Value(inputs[0]), context.Value(outputs[0]));
    });
  }

 private:
  const PoolKernel& kernel_;
  PoolShape shape_;
  int64_t images_;
  bool bytes_;
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
  // The largest of bytes is the byte of the largest integer. An average of bytes is a float.
  const bool bytes = node.op == "MaxPool" && lowering->BytesOf(node.outputs[0]) != nullptr;
  auto step = std::make_unique<PoolStep>(shape, input[0], bytes);
  step->reads = {bytes ? Lowering::BytesName(node.inputs[0]) : node.inputs[0]};
  step->writes = {bytes ? Lowering::BytesName(node.outputs[0]) : node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::pool
