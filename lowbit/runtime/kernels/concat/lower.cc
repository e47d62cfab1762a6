// Concat of computed values along the channels (images) or features (matrices).

#include <algorithm>
#include <utility>

#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::concat {
namespace {

class ConcatStep : public Step {
 public:
  // Each value is [rows][channels of its own].
  ConcatStep(int64_t images, int64_t pixels, std::vector<int64_t> channels)
      : images_(images), pixels_(pixels), channels_(std::move(channels)) {
    kernel = "concat_f32";
    for (const int64_t count : channels_) total_ += count;
  }

  void Run(const RunContext& context) const override {
    context.pool->ParallelFor(images_ * context.batch, [&](int64_t image, int) {
      float* to = context.Value(outputs[0]) + image * pixels_ * total_;
      for (size_t i = 0; i < channels_.size(); to += channels_[i++]) {
        const float* from = context.Value(inputs[i]) + image * pixels_ * channels_[i];
        for (int64_t p = 0; p < pixels_; ++p) std::copy_n(from + p * channels_[i], channels_[i], to + p * total_);
      }
    });
  }

 private:
  int64_t images_, pixels_;
  std::vector<int64_t> channels_;
  int64_t total_ = 0;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "Concat") return nullptr;
  const Shape& output = lowering->ShapeOf(node.outputs[0]);
  const int64_t rank = static_cast<int64_t>(output.size()), axis = IntAttribute(node, "axis", 0);
  if ((rank != 2 && rank != 4) || (axis != 1 && axis + rank != 1)) return nullptr;
  std::vector<int64_t> channels;
  for (const std::string& input : node.inputs) {
    if (lowering->Constant(input) != nullptr) return nullptr;
    channels.push_back(lowering->ShapeOf(input)[1]);
  }
  auto step = std::make_unique<ConcatStep>(output[0], rank == 4 ? output[2] * output[3] : 1, std::move(channels));
  step->reads = node.inputs;
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::concat
