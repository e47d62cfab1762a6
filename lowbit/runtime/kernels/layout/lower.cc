// Operators that move no value to another place of the row-major order: Flatten, Reshape, Dropout and their like. They
// cost nothing, unless an image's channels must come first again.

#include <algorithm>
#include <array>

#include "lowbit/runtime/layout.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::layout {
namespace {

class AliasStep : public Step {
 public:
  AliasStep() { kernel = "alias"; }
  void Run(const RunContext&) const override {}
};

class ReorderStep : public Step {
 public:
  // `images` of the plan's shapes; `last`: to channels last, else to channels first.
  ReorderStep(int64_t images, const ImageExtents& extents, bool last, bool bytes)
      : images_(images), extents_(extents), last_(last), bytes_(bytes) {
    kernel = std::string(last ? "channels_last" : "channels_first") + (bytes ? "_u8" : "_f32");
  }

  void Run(const RunContext& context) const override {
    if (bytes_) {
      Reorder(context, context.Bytes(inputs[0]), context.Bytes(outputs[0]));
    } else {
      Reorder(context, context.Value(inputs[0]), context.Value(outputs[0]));
    }
  }

 private:
  template <typename T>
  void Reorder(const RunContext& context, const T* from, T* to) const {
    const int64_t size = extents_.channels * extents_.pixels;
    context.pool->ParallelFor(images_ * context.batch, [&](int64_t i, int) {
      last_ ? ToChannelsLast(from + i * size, 1, extents_, to + i * size)
            : ToChannelsFirst(from + i * size, 1, extents_, to + i * size);
    });
  }

  int64_t images_;
  ImageExtents extents_;
  bool last_, bytes_;
};

bool KeepsOrder(const std::string& op) {
  static const std::array<const char*, 6> operators = {"Dropout", "Flatten", "Identity",
                                                       "Reshape", "Squeeze", "Unsqueeze"};
  return std::find(operators.begin(), operators.end(), op) != operators.end();
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (!KeepsOrder(node.op) || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const Shape &from = lowering->ShapeOf(node.inputs[0]), &to = lowering->ShapeOf(node.outputs[0]);
  const bool bytes = lowering->BytesOf(node.outputs[0]) != nullptr;
  const std::string input = bytes ? Lowering::BytesName(node.inputs[0]) : node.inputs[0];
  const std::string output = bytes ? Lowering::BytesName(node.outputs[0]) : node.outputs[0];
  const ImageExtents before = ImageExtentsOf(from), after = ImageExtentsOf(to);
  std::unique_ptr<Step> step;
  if (from == to || (before.Trivial() && after.Trivial())) {
    lowering->Alias(output, input);
    step = std::make_unique<AliasStep>();
  } else if (after.Trivial()) {
    step = std::make_unique<ReorderStep>(from[0], before, false, bytes);
  } else if (before.Trivial()) {
    step = std::make_unique<ReorderStep>(to[0], after, true, bytes);
  } else {
    return nullptr;
  }
  step->reads = {input};
  step->writes = {output};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::layout
