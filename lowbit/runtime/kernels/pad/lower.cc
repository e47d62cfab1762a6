// Pad of images with one value around pixels and channels.

#include <algorithm>
#include <array>

#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::pad {
namespace {

// [H, W, C]
using Extents = std::array<int64_t, 3>;

class PadStep : public Step {
 public:
  PadStep(int64_t images, const Extents& input, const Extents& output, const Extents& before, float value)
      : images_(images), input_(input), output_(output), before_(before), value_(value) {
    kernel = "pad_f32";
  }

  void Run(const RunContext& context) const override {
    const int64_t from = input_[0] * input_[1] * input_[2], to = output_[0] * output_[1] * output_[2];
    context.pool->ParallelFor(images_ * context.batch, [&](int64_t i, int) {
      PadImage(context.Value(inputs[0]) + i * from, context.Value(outputs[0]) + i * to);
    });
  }

 private:
  void PadImage(const float* from, float* to) const {
    std::fill(to, to + output_[0] * output_[1] * output_[2], value_);
    for (int64_t y = 0; y < input_[0]; ++y) {
      for (int64_t x = 0; x < input_[1]; ++x, from += input_[2]) {
        std::copy_n(from, input_[2], to + ((y + before_[0]) * output_[1] + x + before_[1]) * output_[2] + before_[2]);
      }
    }
  }

  int64_t images_;
  Extents input_, output_, before_;
  float value_;
};

Extents ChannelsLast(const Shape& shape) { return {shape[2], shape[3], shape[1]}; }

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "Pad" || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  if (StringAttribute(node, "mode", "constant") != "constant") return nullptr;
  const Shape& input = lowering->ShapeOf(node.inputs[0]);
  const Parameter* parameter = lowering->Constant(node.inputs[1]);
  const Int64Tensor* pads = parameter == nullptr ? nullptr : std::get_if<Int64Tensor>(&parameter->value);
  if (input.size() != 4 || pads == nullptr || pads->data[0] != 0 || pads->data[4] != 0) return nullptr;
  if (*std::min_element(pads->data.begin(), pads->data.end()) < 0) return nullptr;
  float value = 0;
  if (HasInput(node, 2)) {
    const FloatTensor* constant = lowering->FloatConstant(node.inputs[2]);
    if (constant == nullptr) return nullptr;
    value = constant->data[0];
  }
  auto step = std::make_unique<PadStep>(input[0], ChannelsLast(input), ChannelsLast(lowering->ShapeOf(node.outputs[0])),
                                        Extents{pads->data[2], pads->data[3], pads->data[1]}, value);
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::pad
