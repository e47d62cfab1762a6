// Conv whose weights or bias are computed: for each group and some pixels one matrix product (kernels/mat_mul) of what the window
// covers with the weights as they are. In networks of integers, where the order of the definition's sum counts, it has no kernel.

#include <algorithm>
#include <optional>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/kernels/mat_mul/kernel.h"
#include "lowbit/runtime/operand.h"
#include "lowbit/runtime/product.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::conv_values {
namespace {

// Of a task: so many that a copy of a panel of weights is used often enough.
constexpr int64_t kPixels = 64;

class ConvValuesStep : public Step {
 public:
  ConvValuesStep(const ConvShape& shape, int64_t images, std::vector<Operand> operands)
      : kernel_(ChooseMatMulKernel()), shape_(shape), images_(images), operands_(std::move(operands)) {
    kernel = "conv_f32_computed";
    target = hwy::TargetName(kernel_.target);
    product_floats_ = (kernel_.ScratchFloats(Terms()) + 15) / 16 * 16;
    scratch_floats = product_floats_ + kPixels * Terms();
  }

  void Run(const RunContext& context) const override {
    const int64_t plane = shape_.out_height * shape_.out_width, pieces = (plane + kPixels - 1) / kPixels;
    const float *x = operands_[0].Of(0, context, inputs), *weights = operands_[1].Of(0, context, inputs);
    const float* bias = operands_.size() > 2 ? operands_[2].Of(0, context, inputs) : nullptr;
    context.pool->ParallelFor(images_ * context.batch * shape_.groups * pieces, [&](int64_t i, int thread) {
      const int64_t first = i % pieces * kPixels, group = i / pieces % shape_.groups,
                    image = i / pieces / shape_.groups;
      const int64_t channel = group * shape_.GroupOutputs();
      float* patches = context.Scratch(thread) + product_floats_;
      MatMulTask task;
      task.rows = std::min(kPixels, plane - first);
      task.inner = Terms();
      task.columns = shape_.GroupOutputs();
      CopyPatches(x + image * shape_.in_height * shape_.in_width * shape_.in_channels + group * shape_.GroupInputs(),
                  first, task.rows, patches);
      task.a = {patches, Terms(), 1};
      task.b = {weights + channel * Terms(), 1, Terms()};
      if (bias != nullptr) task.c = {bias + channel, 0, 1};
      task.y = {context.Value(outputs[0]) + (image * plane + first) * shape_.out_channels + channel,
                shape_.out_channels, 1};
      task.scratch = context.Scratch(thread);
      kernel_.run(task);
    });
  }

 private:
  int64_t Terms() const { return shape_.Taps() * shape_.GroupInputs(); }

  // What the windows of pixels [first, first + count) cover, tap by tap; zeros in the padding. `x`: a group of an image.
  void CopyPatches(const float* x, int64_t first, int64_t count, float* to) const {
    const int64_t channels = shape_.GroupInputs();
    for (int64_t pixel = first; pixel < first + count; ++pixel) {
      const int64_t top = pixel / shape_.out_width * shape_.stride_height - shape_.pad_top;
      const int64_t left = pixel % shape_.out_width * shape_.stride_width - shape_.pad_left;
      for (int64_t ky = 0; ky < shape_.kernel_height; ++ky) {
        for (int64_t kx = 0; kx < shape_.kernel_width; ++kx, to += channels) {
          const int64_t row = top + ky * shape_.dilation_height, column = left + kx * shape_.dilation_width;
          const bool inside = row >= 0 && row < shape_.in_height && column >= 0 && column < shape_.in_width;
          if (inside) {
            std::copy_n(x + (row * shape_.in_width + column) * shape_.in_channels, channels, to);
          } else {
            std::fill_n(to, channels, 0.0f);
          }
        }
      }
    }
  }

  const MatMulKernel& kernel_;
  ConvShape shape_;
  int64_t images_;
  int64_t product_floats_;         // The product's scratch memory, in front of the patches.
  std::vector<Operand> operands_;  // Input, weights, bias if there is one.
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  Product layer;
  if (node.op != "Conv" || lowering->InIntegers() || ReadProduct(node, *lowering, &layer)) return nullptr;
  const Shape &input = lowering->ShapeOf(node.inputs[0]), &weight = lowering->ShapeOf(node.inputs[1]);
  std::vector<std::string> reads;
  std::vector<Operand> operands;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (HasInput(node, i)) operands.push_back(ReadOperand(node.inputs[i], *lowering, &reads));
    // Another image's weights would be other channels.
    if (lowering->TakesAnyBatch() && (operands.back().input >= 0) != (i == 0)) return nullptr;
  }
  auto step = std::make_unique<ConvValuesStep>(ShapeOfConv(node, input, weight), input[0], std::move(operands));
  step->reads = std::move(reads);
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::conv_values
