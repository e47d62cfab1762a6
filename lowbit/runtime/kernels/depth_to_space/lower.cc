// DepthToSpace: the pixels of a block are parts of a pixel's channels.

#include <algorithm>

#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::depth_to_space {
namespace {

class DepthToSpaceStep : public Step {
 public:
  // input: [N, C, H, W]
  DepthToSpaceStep(const Shape& input, int64_t block, bool inner) : input_(input), block_(block), inner_(inner) {
    kernel = "depth_to_space_f32";
  }

  void Run(const RunContext& context) const override {
    const int64_t row = input_[3] * input_[1];
    context.pool->ParallelFor(input_[0] * input_[2] * context.batch, [&](int64_t i, int) {
      SpreadRow(context.Value(inputs[0]) + i * row, context.Value(outputs[0]) + i * row);
    });
  }

 private:
  // One row of pixels becomes `block_` rows, which lie one behind the other.
  void SpreadRow(const float* from, float* to) const {
    const int64_t channels = input_[1] / (block_ * block_), width = input_[3];
    for (int64_t y = 0; y < block_; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const float* pixel = from + x * input_[1];
        for (int64_t j = 0; j < block_; ++j, to += channels) {
          const int64_t part = y * block_ + j;
          if (!inner_) {
            std::copy_n(pixel + part * channels, channels, to);
          } else {
            for (int64_t c = 0; c < channels; ++c) to[c] = pixel[c * block_ * block_ + part];
          }
        }
      }
    }
  }

  Shape input_;
  int64_t block_;
  bool inner_;  // The block's pixels are the inner part of the channel (mode CRD).
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "DepthToSpace" || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  auto step = std::make_unique<DepthToSpaceStep>(lowering->ShapeOf(node.inputs[0]), IntAttribute(node, "blocksize", 1),
                                                 StringAttribute(node, "mode", "DCR") == "CRD");
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::depth_to_space
