#ifndef LOWBIT_TRAIN_LOWERINGS_WINDOW_H_
#define LOWBIT_TRAIN_LOWERINGS_WINDOW_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit::train {

// The sliding window of a convolution or pool, as a node's attributes say it: one entry for each spatial dimension.
struct Window {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<int64_t> begin, end;  // Pads; to be had from Pads() where auto_pad asks for SAME.
  std::string auto_pad;             // "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"
  bool ceil = false;

  // `kernel`: the spatial extents.
  static Window Of(const Node& node, const std::vector<int64_t>& kernel);

  size_t dimensions() const { return kernel.size(); }
  // Elements that the dilated kernel spans.
  int64_t Span(size_t d) const { return (kernel[d] - 1) * dilations[d] + 1; }
  // With begin and end computed for this input where auto_pad asks for SAME.
  Window Resolved(const at::Tensor& input) const;
  bool symmetric() const { return begin == end; }
};

// at::constant_pad_nd with begin and end of each spatial dimension (outermost first).
at::Tensor PadSpatial(const at::Tensor& input, const std::vector<int64_t>& begin, const std::vector<int64_t>& end,
                      double value);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_LOWERINGS_WINDOW_H_
