#include <torch/types.h>

#include "lowbit/core/ops_common/window.h"
#include "lowbit/train/conv_of_doubles.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;
using Pair = std::vector<int64_t>;  // Of y and x, as libtorch wants them.

at::Tensor InputOrNone(const Inputs& in, size_t i) { return i < in.size() ? in[i] : at::Tensor(); }

at::Tensor Conv(const at::Tensor& x, const Inputs& in, const ConvGeometry& geometry) {
  const at::Tensor bias = InputOrNone(in, 2);
  if (x.scalar_type() == at::kDouble) return ConvOfDoubles(x, in[1], bias, geometry);
  return at::conv2d(x, in[1], bias, geometry.strides, geometry.pads, geometry.dilations, geometry.groups);
}

// With zeros before and after each dimension. libtorch pads equally on both sides.
Kernel LowerConv(const LoweringRequest& request) {
  const Shape& weight = request.shapes[1];
  const ops::Window window = ops::ResolveWindow(request.node, request.shapes[0], {weight[2], weight[3]}).value();
  const ops::WindowAxis &y = window.y, &x = window.x;
  ConvGeometry geometry;
  geometry.strides = {y.stride, x.stride};
  geometry.dilations = {y.dilation, x.dilation};
  geometry.groups = IntAttribute(request.node, "group", 1);
  if (y.pad_begin == y.pad_end && x.pad_begin == x.pad_end) {
    geometry.pads = {y.pad_begin, x.pad_begin};
    return [geometry](const Inputs& in, Mode) { return Conv(in[0], in, geometry); };
  }
  const std::vector<int64_t> borders = {x.pad_begin, x.pad_end, y.pad_begin, y.pad_end};
  return [geometry, borders](const Inputs& in, Mode) {
    return Conv(at::constant_pad_nd(in[0], borders, 0), in, geometry);
  };
}

// Without pads every product lands in the output; pads cut its borders off, output_padding adds zeros at the end.
Kernel LowerConvTranspose(const LoweringRequest& request) {
  const ops::WindowAttributes attributes = ops::ReadWindowAttributes(request.node).value();
  const Pair strides(attributes.strides.begin(), attributes.strides.end());
  const Pair dilations(attributes.dilations.begin(), attributes.dilations.end());
  const Pair extra = IntsAttribute(request.node, "output_padding", {0, 0});
  const int64_t groups = IntAttribute(request.node, "group", 1);
  const auto& pads = attributes.pads;
  const std::vector<int64_t> borders = {-pads[1], extra[1] - pads[3], -pads[0], extra[0] - pads[2]};
  return [=](const Inputs& in, Mode) {
    const at::Tensor full =
        at::conv_transpose2d(in[0], in[1], at::Tensor(), strides, Pair{0, 0}, Pair{0, 0}, groups, dilations);
    const at::Tensor result = at::constant_pad_nd(full, borders, 0);
    const at::Tensor bias = InputOrNone(in, 2);
    return bias.defined() ? result + bias.view({-1, 1, 1}) : result;
  };
}

}  // namespace

void AddConvolutions(LoweringTable* table) {
  (*table)["Conv"] = LowerConv;
  (*table)["ConvTranspose"] = LowerConvTranspose;
}

}  // namespace lowbit::train
