#include <torch/torch.h>

#include "lowbit/train/lowering.h"
#include "lowbit/train/lowerings/window.h"

namespace lowbit::train {
namespace {

at::Tensor Convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const Window& window,
                    const std::vector<int64_t>& padding, int64_t groups) {
  if (window.dimensions() == 2) {
    return at::conv2d(x, weight, bias, window.strides, padding, window.dilations, groups);
  }
  return at::convolution(x, weight, bias, window.strides, padding, window.dilations, /*transposed=*/false,
                         std::vector<int64_t>(window.dimensions(), 0), groups);
}

Kernel LowerConv(const LoweringRequest& request) {
  const Parameter* weight = request.parameters[1];
  if (weight == nullptr) request.Reject("the weight must be a parameter of the graph");
  const Shape& shape = weight->shape();
  const Window window = Window::Of(request.node, {shape.begin() + 2, shape.end()});
  const int64_t groups = IntAttribute(request.node, "group", 1);
  const bool has_bias = HasInput(request.node, 2);
  return [=](const std::vector<at::Tensor>& in, Mode) {
    const at::Tensor bias = has_bias ? in[2] : at::Tensor();
    const Window now = window.Resolved(in[0]);
    if (now.symmetric()) return Convolve(in[0], in[1], bias, now, now.begin, groups);
    return Convolve(PadSpatial(in[0], now.begin, now.end, 0), in[1], bias, now,
                    std::vector<int64_t>(now.dimensions(), 0), groups);
  };
}

}  // namespace

void AddConvolutions(LoweringTable* table) { (*table)["Conv"] = LowerConv; }

}  // namespace lowbit::train
