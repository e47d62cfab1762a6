#ifndef LOWBIT_CORE_OPS_COMMON_RESAMPLE_H_
#define LOWBIT_CORE_OPS_COMMON_RESAMPLE_H_

// How Resize samples a tensor anew, one dimension after the other. Executors may use it too, so that the many ways of ONNX to
// count coordinates are in one place.

#include <vector>

#include "lowbit/core/operator.h"

namespace lowbit::ops {

// One output position along a dimension: the sum of weights[k] times the input at positions[k]; without positions the
// constant.
struct Taps {
  std::vector<int64_t> positions;
  std::vector<double> weights;
  double constant = 0;
};

// A dimension that changes.
struct ResampledAxis {
  size_t axis = 0;
  int64_t input = 1, output = 1;
  double scale = 1;
  double roi_start = 0, roi_end = 1;
};

// What a node asks for: its inputs of these names, empty where they are left out.
struct ResampleRequest {
  std::vector<double> roi, scales;
  std::vector<int64_t> sizes;
};

// The dimensions that `node` (Resize) changes, in the order of its attribute `axes`.
// Errors: unknown names in attributes; scales and sizes both or neither, or too few; an extent below 1.
Result<std::vector<ResampledAxis>> PlanResize(const Node& node, const Shape& input, const ResampleRequest& request);

// For each output position. REQUIRES: `axis` is PlanResize's for this node.
std::vector<Taps> TapsOf(const Node& node, const ResampledAxis& axis);

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_RESAMPLE_H_
