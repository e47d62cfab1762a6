// Pad of images with one value around pixels and channels.

#include <algorithm>
#include <array>

#include "lowbit/runtime/step.h"
#include "lowbit/runtime/task_size.h"

namespace lowbit::runtime::kernels::pad {
namespace {

constexpr int64_t kTaskFloats = 1 << 14, kLeastFloats = 1 << 11;

// [H, W, C]
using Extents = std::array<int64_t, 3>;

class PadStep : public Step {
 public:
  PadStep(int64_t images, const Extents& input, const Extents& output, const Extents& before, float value)
      : images_(images), input_(input), output_(output), before_(before), value_(value) {
    kernel = "pad_f32";
  }

  void Run(const RunContext& context) const override {
    const int64_t rows = images_ * context.batch * output_[0], row = output_[1] * output_[2];
    if (rows * row == 0) return;
    const auto of_floats = [&](int64_t floats) { return std::max<int64_t>(1, floats / row); };
    const int64_t task_rows = EvenTask(rows, of_floats(kLeastFloats), of_floats(kTaskFloats), context.pool->threads());
    context.pool->ParallelFor((rows + task_rows - 1) / task_rows, [&](int64_t i, int) {
      for (int64_t r = i * task_rows; r < std::min(rows, (i + 1) * task_rows); ++r) {
        PadRow(context.Value(inputs[0]), r, context.Value(outputs[0]) + r * row);
      }
    });
  }

 private:
  // Row `row` of all output images.
  void PadRow(const float* images, int64_t row, float* to) const {
    const int64_t y = row % output_[0] - before_[0], channels = output_[2];
    if (y < 0 || y >= input_[0]) {
      std::fill(to, to + output_[1] * channels, value_);
      return;
    }
    const float* from = images + (row / output_[0] * input_[0] + y) * input_[1] * input_[2];
    float* const end = to + output_[1] * channels;
    to = std::fill_n(to, before_[1] * channels, value_);
    for (int64_t x = 0; x < input_[1]; ++x, from += input_[2]) {
      to = std::fill_n(to, before_[2], value_);
      to = std::copy_n(from, input_[2], to);
      to = std::fill_n(to, channels - before_[2] - input_[2], value_);
    }
    std::fill(to, end, value_);
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
