#include <utility>

#include "lowbit/core/ops_common/window.h"

namespace lowbit::ops::conv {
namespace {

constexpr const char* kLayout = "weight must be [output channels, input channels / group, height, width]";

Result<Window> WindowOf(const Node& node, const Shape& input, const Shape& weight) {
  return ResolveWindow(node, input, {weight[2], weight[3]});
}

Status CheckChannels(const Node& node, const Shape& input, const Shape& weight) {
  const int64_t group = IntAttribute(node, "group", 1);
  if (group < 1 || input[1] % group != 0 || weight[0] % group != 0) {
    return Invalid("group " + std::to_string(group) + " must divide the " + std::to_string(input[1]) +
                   " input channels and the " + std::to_string(weight[0]) + " output channels");
  }
  if (weight[1] * group == input[1]) return Ok();
  const std::string each = group == 1 ? "" : " for each group";
  return Invalid("weight has " + std::to_string(weight[1]) + " input channels" + each + "; input has " +
                 std::to_string(input[1] / group));
}

Status CheckKernelShape(const Node& node, const Shape& weight) {
  const std::vector<int64_t> kernel = {weight[2], weight[3]};
  if (IntsAttribute(node, "kernel_shape", kernel) == kernel) return Ok();
  return Invalid("attribute 'kernel_shape' differs from the weight's " + ToString(kernel));
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  const Shape &input = inputs[0].shape, &weight = inputs[1].shape;
  if (weight.size() != 4) return Invalid(std::string(kLayout) + "; it has shape " + ToString(weight));
  LOWBIT_TRY(const Window window, WindowOf(node, input, weight));
  LOWBIT_RETURN_IF_ERROR(CheckChannels(node, input, weight));
  LOWBIT_RETURN_IF_ERROR(CheckKernelShape(node, weight));
  if (inputs.size() > 2 && inputs[2].present && inputs[2].shape != Shape{weight[0]}) {
    return Invalid("bias must be " + ToString({weight[0]}) + "; it has shape " + ToString(inputs[2].shape));
  }
  return std::vector<Shape>{{input[0], weight[0], window.y.output, window.x.output}};
}

// y[n, m, oy, ox] = bias[m] + sum over c, ky, kx of weight[m, c, ky, kx] *
//                   x[n, g * C + c, oy * sy - py + ky * dy, ox * sx - px + kx * dx]
// where g is the group of output channel m, C the input channels of a group, and pixels outside the input are 0.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor &x = *inputs[0], &weight = *inputs[1];
  const DoubleTensor* bias = inputs.size() > 2 ? inputs[2] : nullptr;
  const Window window = WindowOf(node, x.shape, weight.shape).value();
  const int64_t outputs = weight.shape[0], channels = weight.shape[1];
  const int64_t outputs_per_group = outputs / IntAttribute(node, "group", 1);
  const int64_t taps = window.y.kernel * window.x.kernel;

  DoubleTensor y({x.shape[0], outputs, window.y.output, window.x.output});
  size_t i = 0;
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    for (int64_t m = 0; m < outputs; ++m) {
      const int64_t first_channel = n * x.shape[1] + m / outputs_per_group * channels;
      for (int64_t position = 0; position < window.OutputPlane(); ++position) {
        double sum = bias != nullptr ? bias->data[static_cast<size_t>(m)] : 0;
        for (int64_t c = 0; c < channels; ++c) {
          const double* pixels = x.data.data() + (first_channel + c) * window.InputPlane();
          const double* kernel = weight.data.data() + (m * channels + c) * taps;
          VisitWindow(window, position / window.x.output, position % window.x.output,
                      [&](int64_t pixel, int64_t tap) { sum += kernel[tap] * pixels[pixel]; });
        }
        y.data[i++] = sum;
      }
    }
  }
  return {std::move(y)};
}

std::vector<int64_t> Macs(const Node&, const std::vector<Shape>& inputs, const Shape& output) {
  return {Elements(output), Elements(inputs[1]) / inputs[1][0]};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "Conv",
      .min_inputs = 2,
      .max_inputs = 3,
      .attributes = {{"auto_pad", AttributeType::kString},
                     {"dilations", AttributeType::kInts},
                     {"group", AttributeType::kInt},
                     {"kernel_shape", AttributeType::kInts},
                     {"pads", AttributeType::kInts},
                     {"strides", AttributeType::kInts}},
      .infer = Infer,
      .evaluate = Evaluate,
      .macs = Macs,
  }};
}

}  // namespace lowbit::ops::conv
