#include "lowbit/runtime/conv_shape.h"

#include "lowbit/core/ops_common/window.h"

namespace lowbit::runtime {

ConvShape ShapeOfConv(const Node& node, const Shape& input, const Shape& weight) {
  const ops::Window window = ops::ResolveWindow(node, input, {weight[2], weight[3]}).value();
  ConvShape shape;
  shape.in_height = window.y.input;
  shape.in_width = window.x.input;
  shape.in_channels = input[1];
  shape.out_height = window.y.output;
  shape.out_width = window.x.output;
  shape.out_channels = weight[0];
  shape.kernel_height = window.y.kernel;
  shape.kernel_width = window.x.kernel;
  shape.stride_height = window.y.stride;
  shape.stride_width = window.x.stride;
  shape.dilation_height = window.y.dilation;
  shape.dilation_width = window.x.dilation;
  shape.pad_top = window.y.pad_begin;
  shape.pad_left = window.x.pad_begin;
  shape.groups = IntAttribute(node, "group", 1);
  return shape;
}

}  // namespace lowbit::runtime
