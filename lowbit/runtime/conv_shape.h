#ifndef LOWBIT_RUNTIME_CONV_SHAPE_H_
#define LOWBIT_RUNTIME_CONV_SHAPE_H_

#include <cstdint>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit::runtime {

// The geometry of a convolution, padding resolved.
struct ConvShape {
  int64_t in_height = 1, in_width = 1, in_channels = 1;
  int64_t out_height = 1, out_width = 1, out_channels = 1;
  int64_t kernel_height = 1, kernel_width = 1;
  int64_t stride_height = 1, stride_width = 1;
  int64_t dilation_height = 1, dilation_width = 1;
  int64_t pad_top = 0, pad_left = 0;  // What the right and bottom sides need follows from the output's extents.
  int64_t groups = 1;

  int64_t Taps() const { return kernel_height * kernel_width; }
  int64_t GroupInputs() const { return in_channels / groups; }
  int64_t GroupOutputs() const { return out_channels / groups; }

  // Whether output pixel i is a function of input pixel i alone.
  bool IsPointwise() const;

  // Of a copy of the input rows that `rows` output rows need, padding included.
  int64_t StagedRows(int64_t rows) const;
  int64_t StagedWidth() const;
};

// Of a Conv node. REQUIRES: the node is valid for these shapes (NCHW and OIHW)
ConvShape ShapeOfConv(const Node& node, const Shape& input, const Shape& weight);

// Where the units of a window are, tap by tap, seen from its first one: a pixel of the staged rows has
// `units` of them, `step` elements apart.
std::vector<int32_t> WindowPositions(const ConvShape& shape, int64_t units, int64_t step);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_CONV_SHAPE_H_
