// Conv and Gemm whose weights are known at load.

#include <algorithm>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/runtime/codebook_weights.h"
#include "lowbit/runtime/kernels/conv/kernel.h"
#include "lowbit/runtime/product.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::conv {
namespace {

// Multiplications that one task should hold at least, so that handing it out costs nothing beside it.
constexpr int64_t kTaskMacs = 400000;

class ConvStep : public Step {
 public:
  ConvStep(const ConvShape& shape, int64_t images, const std::vector<WeightSource>& groups, const Fusion& fusion)
      : kernel_(ChooseConvKernel()), shape_(shape), images_(images), epilogue_(fusion.Rounded()) {
    for (const WeightSource& group : groups) weights_.push_back(Pack(group, kernel_.lanes));
    target = hwy::TargetName(kernel_.target);
    scratch_floats = kConvScratchFloats;
  }

  const std::string& WeightValues() const { return weights_[0].values; }

  void Run(const RunContext& context) const override {
    const int64_t pixels = images_ * context.batch * shape_.out_height * shape_.out_width;
    const int64_t panels = weights_[0].Panels();
    const int64_t threads = context.pool->threads();
    const int64_t tiles = (pixels + kernel_.tile - 1) / kernel_.tile;
    // Few pixels and many channels (a Gemm of one row) are split by channels.
    const int64_t wanted_blocks = std::max<int64_t>(1, 2 * threads / std::max<int64_t>(1, tiles));
    const int64_t block =
        threads == 1 ? kConvPanelBlock : std::clamp<int64_t>(panels / wanted_blocks, 1, kConvPanelBlock);
    const int64_t blocks = (panels + block - 1) / block;
    const int64_t tile_macs = kernel_.tile * weights_[0].columns * std::min(panels, block) * weights_[0].PanelWidth();
    const int64_t tiles_per_task = std::clamp<int64_t>(kTaskMacs / std::max<int64_t>(1, tile_macs), 1,
                                                       std::max<int64_t>(1, tiles / (2 * threads)));
    const int64_t task_pixels = tiles_per_task * kernel_.tile;
    const int64_t pixel_tasks = (pixels + task_pixels - 1) / task_pixels;

    context.pool->ParallelFor(shape_.groups * blocks * pixel_tasks, [&](int64_t i, int thread) {
      ConvTask task;
      task.shape = &shape_;
      task.group = i / (blocks * pixel_tasks);
      task.weights = &weights_[static_cast<size_t>(task.group)];
      task.epilogue = &epilogue_;
      task.input = context.Value(inputs[0]);
      task.residual = inputs.size() > 1 ? context.Value(inputs[1]) : nullptr;
      task.output = context.Value(outputs[0]);
      task.first_panel = i / pixel_tasks % blocks * block;
      task.panels = std::min(block, panels - task.first_panel);
      task.first_pixel = i % pixel_tasks * task_pixels;
      task.pixels = std::min(task_pixels, pixels - task.first_pixel);
      task.scratch = context.Scratch(thread);
      kernel_.run(task);
    });
  }

 private:
  const ConvKernel& kernel_;
  ConvShape shape_;
  int64_t images_;
  Epilogue epilogue_;
  std::vector<PackedWeights> weights_;  // One for each group.
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  Product product;
  if (!ReadProduct(node, *lowering, &product) || product.depthwise) return nullptr;
  if (!std::all_of(product.groups.begin(), product.groups.end(), CanPack)) return nullptr;
  if (CanPackCodebook(product.groups[0])) return nullptr;
  const std::string reason = WhyNotBytes(node, *lowering, product);
  if (reason.empty()) return nullptr;

  Fusion fusion = lowering->FuseProduct(index, product.bias);
  for (const WeightSource& group : product.groups) fusion.MultiplyScales(group, product.factor);
  auto step = std::make_unique<ConvStep>(product.shape, product.images, product.groups, fusion);
  DescribeFloatProduct(node, *lowering, fusion, step->WeightValues(), reason, step.get());
  return step;
}

}  // namespace lowbit::runtime::kernels::conv
