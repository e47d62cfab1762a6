#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lowbit/core/ops_common/pool.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;
using Pair = std::vector<int64_t>;  // Of y and x, as libtorch wants them.

// Zeros or -infinities after which the last window ends.
int64_t EndPad(const ops::WindowAxis& axis) {
  return std::max<int64_t>(axis.At(axis.output - 1, axis.kernel - 1) + 1 - axis.input, 0);
}

// Whether libtorch's own padding (the same on both sides, at most half a kernel) and rounding give the same windows.
bool FitsAxis(const ops::WindowAxis& axis, bool ceil) {
  const int64_t room = axis.input + 2 * axis.pad_begin - axis.Span();
  int64_t outputs = (ceil ? room + axis.stride - 1 : room) / axis.stride + 1;
  if (ceil && (outputs - 1) * axis.stride >= axis.input + axis.pad_begin) --outputs;
  return axis.pad_begin <= axis.kernel / 2 && outputs == axis.output;
}

bool Fits(const ops::Window& window, bool ceil) { return FitsAxis(window.y, ceil) && FitsAxis(window.x, ceil); }

// The arguments of libtorch's pools, and the padding to be done before where its own does not fit.
struct PoolPlan {
  Pair kernel, strides, dilations, padding = {0, 0};
  bool ceil = false;
  std::vector<int64_t> borders;  // at::constant_pad_nd's, or empty.

  PoolPlan(const ops::Window& window, bool own_padding);
  at::Tensor Padded(const at::Tensor& x, double value) const {
    return borders.empty() ? x : at::constant_pad_nd(x, borders, value);
  }
};

PoolPlan::PoolPlan(const ops::Window& window, bool own_padding)
    : kernel{window.y.kernel, window.x.kernel},
      strides{window.y.stride, window.x.stride},
      dilations{window.y.dilation, window.x.dilation} {
  if (own_padding) {
    padding = {window.y.pad_begin, window.x.pad_begin};
    ceil = !Fits(window, false);
  } else {
    borders = {window.x.pad_begin, EndPad(window.x), window.y.pad_begin, EndPad(window.y)};
  }
}

Kernel LowerMaxPool(const LoweringRequest& request) {
  const ops::Window window = ops::ResolvePool(request.node, request.shapes[0]).value();
  const PoolPlan plan(window, Fits(window, false) || Fits(window, true));
  return [plan](const Inputs& in, Mode) {
    return at::max_pool2d(plan.Padded(in[0], -INFINITY), plan.kernel, plan.strides, plan.padding, plan.dilations,
                          plan.ceil);
  };
}

// For each output position of one axis, how many taps are averaged: those on pixels, or with `count_pads` those on
// padding too.
at::Tensor TapCounts(const ops::WindowAxis& axis, bool count_pads) {
  const int64_t first = count_pads ? -axis.pad_begin : 0, end = axis.input + (count_pads ? axis.pad_end : 0);
  std::vector<double> counts;
  for (int64_t position = 0; position < axis.output; ++position) {
    const int64_t from = std::max(axis.At(position, 0), first), to = std::min(axis.At(position, axis.kernel), end);
    counts.push_back(static_cast<double>(to - from));
  }
  return at::tensor(counts, at::kDouble);
}

// Where libtorch's padding does not fit: the sums of zero-padded windows by a table of counts.
Kernel AverageByCounts(const ops::Window& window, bool count_pads) {
  const PoolPlan plan(window, false);
  const at::Tensor counts = TapCounts(window.y, count_pads).unsqueeze(1) * TapCounts(window.x, count_pads);
  return [plan, counts](const Inputs& in, Mode) {
    const at::Tensor sums = at::avg_pool2d(plan.Padded(in[0], 0), plan.kernel, plan.strides, plan.padding,
                                           /*ceil_mode=*/false, /*count_include_pad=*/true, /*divisor_override=*/1);
    return sums / counts.to(sums.options());
  };
}

Kernel LowerAveragePool(const LoweringRequest& request) {
  const ops::Window window = ops::ResolvePool(request.node, request.shapes[0]).value();
  const bool count_pads = IntAttribute(request.node, "count_include_pad", 0) != 0;
  const bool equal_pads = window.y.pad_begin == window.y.pad_end && window.x.pad_begin == window.x.pad_end;
  const bool fits = Fits(window, false) || Fits(window, true);
  if (!fits || (count_pads && !equal_pads)) return AverageByCounts(window, count_pads);
  const PoolPlan plan(window, true);
  return [plan, count_pads](const Inputs& in, Mode) {
    return at::avg_pool2d(in[0], plan.kernel, plan.strides, plan.padding, plan.ceil, count_pads);
  };
}

Kernel LowerGlobalAveragePool(const LoweringRequest& request) {
  std::vector<int64_t> dimensions;
  for (size_t d = 2; d < request.shapes[0].size(); ++d) dimensions.push_back(static_cast<int64_t>(d));
  return [dimensions](const Inputs& in, Mode) { return in[0].mean(dimensions, /*keepdim=*/true); };
}

// Over dimensions that are known, or over all.
template <at::Tensor (*function)(const at::Tensor&, at::IntArrayRef, bool)>
Kernel LowerReduce(const LoweringRequest& request) {
  const Node& node = request.node;
  const bool keep = IntAttribute(node, "keepdims", 1) != 0;
  std::vector<int64_t> axes;
  if (HasInput(node, 1)) axes = request.Integers(1);
  if (axes.empty() && IntAttribute(node, "noop_with_empty_axes", 0) != 0) {
    return [](const Inputs& in, Mode) { return in[0]; };
  }
  if (axes.empty()) {
    axes.resize(request.shapes[0].size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  return [axes, keep](const Inputs& in, Mode) { return function(in[0], axes, keep); };
}

at::Tensor MeanOver(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::mean(x, axes, keep); }
at::Tensor SumOver(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::sum(x, axes, keep); }
at::Tensor MaxOver(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::amax(x, axes, keep); }
at::Tensor MinOver(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::amin(x, axes, keep); }
at::Tensor L1Over(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::sum(at::abs(x), axes, keep); }
// Its gradient at 0 is 0, not infinite.
at::Tensor L2Over(const at::Tensor& x, at::IntArrayRef axes, bool keep) {
  return at::linalg_vector_norm(x, 2, axes, keep);
}
at::Tensor SquaresOver(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::sum(x * x, axes, keep); }
at::Tensor LogSumOver(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::log(at::sum(x, axes, keep)); }
at::Tensor LogSumExpOver(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::logsumexp(x, axes, keep); }

// libtorch multiplies along one dimension at a time.
at::Tensor ProductOver(const at::Tensor& x, at::IntArrayRef axes, bool keep) {
  at::Tensor result = x;
  for (const int64_t axis : axes) result = at::prod(result, axis, /*keepdim=*/true);
  return keep ? result : result.reshape(at::sum(x.detach(), axes, false).sizes());
}

}  // namespace

void AddPools(LoweringTable* table) {
  (*table)["MaxPool"] = LowerMaxPool;
  (*table)["AveragePool"] = LowerAveragePool;
  (*table)["GlobalAveragePool"] = LowerGlobalAveragePool;
  (*table)["ReduceL1"] = LowerReduce<L1Over>;
  (*table)["ReduceL2"] = LowerReduce<L2Over>;
  (*table)["ReduceLogSum"] = LowerReduce<LogSumOver>;
  (*table)["ReduceLogSumExp"] = LowerReduce<LogSumExpOver>;
  (*table)["ReduceMax"] = LowerReduce<MaxOver>;
  (*table)["ReduceMean"] = LowerReduce<MeanOver>;
  (*table)["ReduceMin"] = LowerReduce<MinOver>;
  (*table)["ReduceProd"] = LowerReduce<ProductOver>;
  (*table)["ReduceSum"] = LowerReduce<SumOver>;
  (*table)["ReduceSumSquare"] = LowerReduce<SquaresOver>;
}

}  // namespace lowbit::train
