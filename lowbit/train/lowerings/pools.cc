#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "lowbit/train/lowering.h"
#include "lowbit/train/lowerings/window.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;

// Extents of the output by ONNX's rule.
std::vector<int64_t> OutputExtents(const at::Tensor& input, const Window& window) {
  std::vector<int64_t> extents;
  for (size_t d = 0; d < window.dimensions(); ++d) {
    const int64_t room = input.size(static_cast<int64_t>(d) + 2) + window.begin[d] + window.end[d] - window.Span(d);
    extents.push_back((window.ceil ? room + window.strides[d] - 1 : room) / window.strides[d] + 1);
  }
  return extents;
}

// The end pads with which the last windows lie inside the padded input.
std::vector<int64_t> EndPads(const at::Tensor& input, const Window& window, const std::vector<int64_t>& extents) {
  std::vector<int64_t> end;
  for (size_t d = 0; d < window.dimensions(); ++d) {
    const int64_t reach = (extents[d] - 1) * window.strides[d] + window.Span(d);
    end.push_back(std::max<int64_t>(reach - window.begin[d] - input.size(static_cast<int64_t>(d) + 2), 0));
  }
  return end;
}

// Whether libtorch's own padding (the same on both sides, at most half a kernel) gives the same windows.
bool FitsLibtorch(const at::Tensor& input, const Window& window, const std::vector<int64_t>& extents) {
  for (size_t d = 0; d < window.dimensions(); ++d) {
    const int64_t extent = input.size(static_cast<int64_t>(d) + 2), pad = window.begin[d];
    const int64_t stride = window.strides[d], room = extent + 2 * pad - window.Span(d);
    int64_t outputs = (window.ceil ? room + stride - 1 : room) / stride + 1;
    if (window.ceil && (outputs - 1) * stride >= extent + pad) --outputs;
    if (pad > window.kernel[d] / 2 || outputs != extents[d]) return false;
  }
  return true;
}

at::Tensor MaxPool(const at::Tensor& input, const Window& window, const std::vector<int64_t>& padding, bool ceil) {
  if (window.dimensions() == 1) {
    return at::max_pool1d(input, window.kernel, window.strides, padding, window.dilations, ceil);
  }
  return at::max_pool2d(input, window.kernel, window.strides, padding, window.dilations, ceil);
}

void CheckPool(const LoweringRequest& request, const Window& window) {
  if (window.dimensions() > 2) request.Reject("training supports pools over one or two dimensions");
  if (request.node.outputs.size() > 1) request.Reject("training supports the first output only");
}

Kernel LowerMaxPool(const LoweringRequest& request) {
  const Window window = Window::Of(request.node, IntsAttribute(request.node, "kernel_shape", {}));
  CheckPool(request, window);
  return [window](const Inputs& in, Mode) {
    const Window now = window.Resolved(in[0]);
    const std::vector<int64_t> extents = OutputExtents(in[0], now);
    if (FitsLibtorch(in[0], now, extents)) return MaxPool(in[0], now, now.begin, now.ceil);
    return MaxPool(PadSpatial(in[0], now.begin, EndPads(in[0], now, extents), -INFINITY), now,
                   std::vector<int64_t>(now.dimensions(), 0), false);
  };
}

// For one dimension: how many positions of each window lie in [from, to), counted from the input's first element.
at::Tensor CountsAlong(const Window& window, size_t d, int64_t outputs, int64_t from, int64_t to) {
  std::vector<double> counts;
  for (int64_t o = 0; o < outputs; ++o) {
    const int64_t first = o * window.strides[d] - window.begin[d];
    int64_t count = 0;
    for (int64_t k = 0; k < window.kernel[d]; ++k) {
      const int64_t position = first + k * window.dilations[d];
      count += position >= from && position < to;
    }
    counts.push_back(static_cast<double>(count));
  }
  return at::tensor(counts);
}

// 1 / (number of elements that each window averages), in the shape of the output's spatial dimensions.
at::Tensor Reciprocals(const at::Tensor& input, const Window& window, const std::vector<int64_t>& extents,
                       bool count_pads) {
  at::Tensor counts;
  for (size_t d = 0; d < window.dimensions(); ++d) {
    const int64_t extent = input.size(static_cast<int64_t>(d) + 2);
    const at::Tensor along = CountsAlong(window, d, extents[d], count_pads ? -window.begin[d] : 0,
                                         count_pads ? extent + window.end[d] : extent);
    counts = d == 0 ? along : counts.unsqueeze(-1) * along;
  }
  return counts.reciprocal().to(input.options());
}

// The average as a sum over zero-padded windows times a table of reciprocal counts: any pads, dilations and rounding.
at::Tensor AverageByCounts(const at::Tensor& input, const Window& window, const std::vector<int64_t>& extents,
                           bool count_pads) {
  const bool lines = window.dimensions() == 1;
  at::Tensor padded = PadSpatial(input, window.begin, EndPads(input, window, extents), 0);
  if (lines) padded = padded.unsqueeze(2);
  const auto widen = [lines](std::vector<int64_t> v) {
    if (lines) v.insert(v.begin(), 1);
    return v;
  };
  at::Tensor sums = at::avg_pool2d(padded, widen(window.kernel), widen(window.strides), {0, 0}, false, true, 1);
  if (lines) sums = sums.squeeze(2);
  return sums * Reciprocals(input, window, extents, count_pads);
}

Kernel LowerAveragePool(const LoweringRequest& request) {
  const Window window = Window::Of(request.node, IntsAttribute(request.node, "kernel_shape", {}));
  CheckPool(request, window);
  if (std::any_of(window.dilations.begin(), window.dilations.end(), [](int64_t d) { return d != 1; })) {
    request.Reject("training supports dilations of 1 only");
  }
  const bool count_pads = IntAttribute(request.node, "count_include_pad", 0) != 0;
  return [=](const Inputs& in, Mode) {
    const Window now = window.Resolved(in[0]);
    const std::vector<int64_t> extents = OutputExtents(in[0], now);
    const bool same_counts = !count_pads || (now.symmetric() && !now.ceil);
    if (now.dimensions() == 2 && same_counts && FitsLibtorch(in[0], now, extents)) {
      return at::avg_pool2d(in[0], now.kernel, now.strides, now.begin, now.ceil, count_pads);
    }
    return AverageByCounts(in[0], now, extents, count_pads);
  };
}

std::vector<int64_t> SpatialDimensions(const at::Tensor& input) {
  std::vector<int64_t> dimensions;
  for (int64_t d = 2; d < input.dim(); ++d) dimensions.push_back(d);
  return dimensions;
}

Kernel LowerGlobalAveragePool(const LoweringRequest&) {
  return [](const Inputs& in, Mode) { return in[0].mean(SpatialDimensions(in[0]), /*keepdim=*/true); };
}

Kernel LowerGlobalMaxPool(const LoweringRequest&) {
  return [](const Inputs& in, Mode) { return in[0].amax(SpatialDimensions(in[0]), /*keepdim=*/true); };
}

}  // namespace

void AddPools(LoweringTable* table) {
  (*table)["MaxPool"] = LowerMaxPool;
  (*table)["AveragePool"] = LowerAveragePool;
  (*table)["GlobalAveragePool"] = LowerGlobalAveragePool;
  (*table)["GlobalMaxPool"] = LowerGlobalMaxPool;
}

}  // namespace lowbit::train
