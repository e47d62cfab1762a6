// Conv and Gemm whose weights are codes of a codebook.

#include <algorithm>

#include "hwy/targets.h"
#include "lowbit/runtime/kernels/conv_codebook/kernel.h"
#include "lowbit/runtime/product.h"

namespace lowbit::runtime::kernels::conv_codebook {
namespace {

class CodebookStep : public Step {
 public:
  CodebookStep(const Product& product, const Fusion& fusion)
      : kernel_(ChooseCodebookConvKernel()), images_(product.images), conv_(product.shape, product.groups, kernel_) {
    conv_.epilogue = fusion.Rounded();
    target = hwy::TargetName(kernel_.target);
    scratch_floats = conv_.ScratchFloats();
  }

  const std::string& WeightValues() const { return conv_.weights[0].values; }

  void Run(const RunContext& context) const override {
    const int64_t pixels = images_ * context.batch * conv_.shape.out_height * conv_.shape.out_width;
    const int64_t panels = conv_.weights[0].Panels();
    const Split split = Cut(pixels, panels, context.pool->threads());
    const int64_t blocks = (panels + split.panels - 1) / split.panels;
    const int64_t pieces = (pixels + split.pixels - 1) / split.pixels;
    context.pool->ParallelFor(conv_.shape.groups * blocks * pieces, [&](int64_t i, int thread) {
      CodebookTask task;
      task.input = context.Value(inputs[0]);
      task.residual = inputs.size() > 1 ? context.Value(inputs[1]) : nullptr;
      task.output = context.Value(outputs[0]);
      task.group = i / (blocks * pieces);
      task.first_panel = i / pieces % blocks * split.panels;
      task.panels = std::min(split.panels, panels - task.first_panel);
      task.first_pixel = i % pieces * split.pixels;
      task.pixels = std::min(split.pixels, pixels - task.first_pixel);
      task.scratch = context.Scratch(thread);
      kernel_.run(conv_, task);
    });
  }

 private:
  struct Split {
    int64_t pixels, panels;  // Of a task.
  };

  // Many pixels for each task, even ones; for several threads fewer panels first, which share nothing but patches.
  Split Cut(int64_t pixels, int64_t panels, int64_t threads) const {
    const int64_t pieces = (pixels + kCodebookPixels - 1) / kCodebookPixels;
    const int64_t even = (pixels + pieces - 1) / pieces;
    Split split = {std::min((even + kernel_.tile - 1) / kernel_.tile * kernel_.tile, kCodebookPixels), kCodebookPanels};
    const int64_t wanted = 2 * threads;
    if (threads > 1) split.panels = std::clamp<int64_t>(panels * pieces / wanted, 1, kCodebookPanels);
    return split;
  }

  const CodebookConvKernel& kernel_;
  int64_t images_;
  CodebookConv conv_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  Product product;
  if (!ReadProduct(node, *lowering, &product) || product.depthwise) return nullptr;
  if (!std::all_of(product.groups.begin(), product.groups.end(), CanPackCodebook)) return nullptr;
  const std::string reason = WhyNotBytes(node, *lowering, product);
  if (reason.empty()) return nullptr;

  Fusion fusion = lowering->FuseProduct(index, product.bias);
  for (const WeightSource& group : product.groups) fusion.MultiplyScales(group, product.factor);
  auto step = std::make_unique<CodebookStep>(product, fusion);
  DescribeFloatProduct(node, *lowering, fusion, step->WeightValues(), reason, step.get());
  return step;
}

}  // namespace lowbit::runtime::kernels::conv_codebook
