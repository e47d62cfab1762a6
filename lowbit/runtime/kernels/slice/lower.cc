// Slice of images along channels and pixels, forwards.

#include <algorithm>
#include <array>
#include <optional>

#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::slice {
namespace {

// Of H, W and C, as images lie.
struct Range {
  std::array<int64_t, 3> starts = {0, 0, 0}, steps = {1, 1, 1};
};

class SliceStep : public Step {
 public:
  // Shapes are [N, C, H, W].
  SliceStep(const Shape& input, const Shape& output, const Range& range) : range_(range) {
    kernel = "slice_f32";
    images_ = output[0];
    input_ = {input[2], input[3], input[1]};
    output_ = {output[2], output[3], output[1]};
  }

  void Run(const RunContext& context) const override {
    const int64_t from = input_[0] * input_[1] * input_[2], to = output_[0] * output_[1] * output_[2];
    context.pool->ParallelFor(images_ * context.batch, [&](int64_t i, int) {
      CutImage(context.Value(inputs[0]) + i * from, context.Value(outputs[0]) + i * to);
    });
  }

 private:
  void CutImage(const float* from, float* to) const {
    for (int64_t y = 0; y < output_[0]; ++y) {
      const float* row = from + (range_.starts[0] + y * range_.steps[0]) * input_[1] * input_[2];
      for (int64_t x = 0; x < output_[1]; ++x, to += output_[2]) {
        const float* pixel = row + (range_.starts[1] + x * range_.steps[1]) * input_[2] + range_.starts[2];
        for (int64_t c = 0; c < output_[2]; ++c) to[c] = pixel[c * range_.steps[2]];
      }
    }
  }

  int64_t images_;
  std::array<int64_t, 3> input_, output_;
  Range range_;
};

const Int64Tensor* Integers(const Node& node, size_t input, const Lowering& lowering) {
  if (!HasInput(node, input)) return nullptr;
  const Parameter* parameter = lowering.Constant(node.inputs[input]);
  return parameter == nullptr ? nullptr : std::get_if<Int64Tensor>(&parameter->value);
}

std::optional<Range> Read(const Node& node, const Lowering& lowering) {
  const Shape& shape = lowering.ShapeOf(node.inputs[0]);
  const Int64Tensor *starts = Integers(node, 1, lowering), *axes = Integers(node, 3, lowering),
                    *steps = Integers(node, 4, lowering);
  if (shape.size() != 4 || starts == nullptr || (axes == nullptr && HasInput(node, 3)) ||
      (steps == nullptr && HasInput(node, 4))) {
    return std::nullopt;
  }
  Range range;
  for (size_t i = 0; i < starts->data.size(); ++i) {
    const int64_t given = axes == nullptr ? static_cast<int64_t>(i) : axes->data[i],
                  axis = given < 0 ? given + 4 : given;
    const int64_t step = steps == nullptr ? 1 : steps->data[i];
    if (axis == 0 || step < 1) return std::nullopt;
    const int64_t extent = shape[static_cast<size_t>(axis)], start = starts->data[i];
    const auto place = static_cast<size_t>(axis == 1 ? 2 : axis - 2);
    range.starts[place] = std::clamp<int64_t>(start < 0 ? start + extent : start, 0, extent);
    range.steps[place] = step;
  }
  return range;
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "Slice" || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const std::optional<Range> range = Read(node, *lowering);
  if (!range.has_value()) return nullptr;
  auto step =
      std::make_unique<SliceStep>(lowering->ShapeOf(node.inputs[0]), lowering->ShapeOf(node.outputs[0]), *range);
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::slice
