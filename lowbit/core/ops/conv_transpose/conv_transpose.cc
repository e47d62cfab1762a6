#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/window.h"

namespace lowbit::ops::conv_transpose {
namespace {

// The window of the convolution that this one is the transpose of: it slides over our output and gives our input.
//   output extent = (input - 1) * stride - pads + span + output_padding
Result<Window> TransposedWindow(const Node& node, const Shape& input, const Shape& weight) {
  LOWBIT_TRY(const WindowAttributes attributes, ReadWindowAttributes(node));
  const std::vector<int64_t> extra = IntsAttribute(node, "output_padding", {0, 0});
  if (extra.size() != 2) return Invalid("attribute 'output_padding' must have 2 entries");
  Window window;
  for (size_t i = 0; i < 2; ++i) {
    WindowAxis& axis = i == 0 ? window.y : window.x;
    axis.output = input[2 + i];
    axis.kernel = weight[2 + i];
    axis.stride = attributes.strides[i];
    axis.dilation = attributes.dilations[i];
    axis.pad_begin = attributes.pads[i];
    axis.pad_end = attributes.pads[2 + i];
    if (axis.kernel > kMaxWindowExtent) {
      return Invalid("kernel extent " + std::to_string(axis.kernel) + " is too large");
    }
    if (extra[i] < 0 || extra[i] >= std::max(axis.stride, axis.dilation)) {
      return Invalid("attribute 'output_padding' must be at least 0 and smaller than stride or dilation");
    }
    axis.input = (axis.output - 1) * axis.stride - axis.pad_begin - axis.pad_end + axis.Span() + extra[i];
    if (axis.input < 1) return Invalid("pads are larger than the output");
  }
  return window;
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  const Shape &input = inputs[0].shape, &weight = inputs[1].shape;
  if (input.size() != 4) return Invalid("input must be [N, C, H, W]; it has shape " + ToString(input));
  if (weight.size() != 4) {
    return Invalid("weight must be [input channels, output channels / group, height, width]; it has shape " +
                   ToString(weight));
  }
  if (weight[0] != input[1]) {
    return Invalid("weight has " + std::to_string(weight[0]) + " input channels; input has " +
                   std::to_string(input[1]));
  }
  const int64_t group = IntAttribute(node, "group", 1);
  if (group < 1 || input[1] % group != 0) {
    return Invalid("group " + std::to_string(group) + " must divide the " + std::to_string(input[1]) +
                   " input channels");
  }
  const std::vector<int64_t> kernel = {weight[2], weight[3]};
  if (IntsAttribute(node, "kernel_shape", kernel) != kernel) {
    return Invalid("attribute 'kernel_shape' differs from the weight's " + ToString(kernel));
  }
  LOWBIT_TRY(const Window window, TransposedWindow(node, input, weight));
  const int64_t outputs = weight[1] * group;
  if (inputs.size() > 2 && inputs[2].present && inputs[2].shape != Shape{outputs}) {
    return Invalid("bias must be " + ToString({outputs}) + "; it has shape " + ToString(inputs[2].shape));
  }
  return std::vector<Shape>{{input[0], outputs, window.y.input, window.x.input}};
}

DoubleTensor StartFromBias(Shape shape, const DoubleTensor* bias) {
  DoubleTensor y(std::move(shape));
  if (bias == nullptr) return y;
  const size_t plane = static_cast<size_t>(y.shape[2] * y.shape[3]);
  for (size_t i = 0; i < y.data.size(); ++i) y.data[i] = bias->data[i / plane % bias->data.size()];
  return y;
}

// Each input pixel adds its value times the kernel to the output pixels that a convolution would have read.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor &x = *inputs[0], &weight = *inputs[1];
  const Window window = TransposedWindow(node, x.shape, weight.shape).value();
  const int64_t group = IntAttribute(node, "group", 1);
  const int64_t channels = x.shape[1], outputs = weight.shape[1], taps = window.y.kernel * window.x.kernel;
  DoubleTensor y = StartFromBias({x.shape[0], outputs * group, window.y.input, window.x.input},
                                 inputs.size() > 2 ? inputs[2] : nullptr);
  for (int64_t plane = 0; plane < x.shape[0] * channels; ++plane) {
    const int64_t n = plane / channels, c = plane % channels;
    const int64_t first_output = (n * group + c / (channels / group)) * outputs;
    for (int64_t m = 0; m < outputs; ++m) {
      const double* kernel = weight.data.data() + (c * outputs + m) * taps;
      double* target = y.data.data() + (first_output + m) * window.InputPlane();
      for (int64_t position = 0; position < window.OutputPlane(); ++position) {
        const double value = x.data[static_cast<size_t>(plane * window.OutputPlane() + position)];
        VisitWindow(window, position / window.x.output, position % window.x.output,
                    [&](int64_t pixel, int64_t tap) { target[pixel] += kernel[tap] * value; });
      }
    }
  }
  return {std::move(y)};
}

std::vector<int64_t> Macs(const Node&, const std::vector<Shape>& inputs, const Shape&) {
  return {Elements(inputs[0]), Elements(inputs[1]) / inputs[1][0]};
}

}  // namespace

// auto_pad and output_shape are not offered: pads and output_padding say the same without choices of rounding.
std::vector<Operator> Define() {
  return {{
      .name = "ConvTranspose",
      .min_inputs = 2,
      .max_inputs = 3,
      .attributes = {{"dilations", AttributeType::kInts},
                     {"group", AttributeType::kInt},
                     {"kernel_shape", AttributeType::kInts},
                     {"output_padding", AttributeType::kInts},
                     {"pads", AttributeType::kInts},
                     {"strides", AttributeType::kInts}},
      .infer = Infer,
      .evaluate = Evaluate,
      .macs = Macs,
  }};
}

}  // namespace lowbit::ops::conv_transpose
