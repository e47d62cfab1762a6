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

bool ConvShape::IsPointwise() const {
  return Taps() == 1 && stride_height == 1 && stride_width == 1 && groups == 1 && pad_top == 0 && pad_left == 0 &&
         out_height == in_height && out_width == in_width;
}

int64_t ConvShape::StagedRows(int64_t rows) const {
  return (rows - 1) * stride_height + (kernel_height - 1) * dilation_height + 1;
}

int64_t ConvShape::StagedWidth() const {
  return (out_width - 1) * stride_width + (kernel_width - 1) * dilation_width + 1;
}

std::vector<int32_t> WindowPositions(const ConvShape& s, int64_t units, int64_t step) {
  std::vector<int32_t> positions;
  for (int64_t ky = 0; ky < s.kernel_height; ++ky) {
    for (int64_t kx = 0; kx < s.kernel_width; ++kx) {
      const int64_t pixel = ky * s.dilation_height * s.StagedWidth() + kx * s.dilation_width;
      for (int64_t u = 0; u < units; ++u) positions.push_back(static_cast<int32_t>((pixel * units + u) * step));
    }
  }
  return positions;
}

}  // namespace lowbit::runtime
