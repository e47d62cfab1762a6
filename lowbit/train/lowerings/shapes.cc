#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;
using Integers = std::vector<int64_t>;

Kernel LowerFlatten(const LoweringRequest& request) {
  const int64_t axis = IntAttribute(request.node, "axis", 1);
  return [axis](const Inputs& in, Mode) {
    const int64_t rank = in[0].dim();
    int64_t rows = 1;
    for (int64_t d = 0; d < (axis < 0 ? axis + rank : axis); ++d) rows *= in[0].size(d);
    return in[0].reshape({rows, in[0].numel() / std::max<int64_t>(rows, 1)});
  };
}

Kernel LowerReshape(const LoweringRequest& request) {
  const Integers target = request.Integers(1);
  const bool keep_zeros = IntAttribute(request.node, "allowzero", 0) != 0;
  return [target, keep_zeros](const Inputs& in, Mode) {
    Integers shape = target;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (shape[d] == 0 && !keep_zeros) shape[d] = in[0].size(static_cast<int64_t>(d));
    }
    return in[0].reshape(shape);
  };
}

Kernel LowerConcat(const LoweringRequest& request) {
  const int64_t axis = IntAttribute(request.node, "axis", 0);
  return [axis](const Inputs& in, Mode) { return at::cat(in, axis); };
}

Kernel LowerTranspose(const LoweringRequest& request) {
  const Integers order = IntsAttribute(request.node, "perm", {});
  return [order](const Inputs& in, Mode) {
    Integers reversed(static_cast<size_t>(in[0].dim()));
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    return in[0].permute(order.empty() ? reversed : order);
  };
}

// Input i's integers, or first, first + step, ... where it is left out.
Integers IntegersOr(const LoweringRequest& request, size_t input, size_t count, int64_t first, int64_t step) {
  if (HasInput(request.node, input)) return request.Integers(input);
  Integers values;
  for (size_t i = 0; i < count; ++i) values.push_back(first + static_cast<int64_t>(i) * step);
  return values;
}

// ONNX's bounds: negative ones count from the end, those outside are clamped; a negative step walks backwards.
at::Tensor SliceAxis(const at::Tensor& x, int64_t axis, int64_t start, int64_t end, int64_t step) {
  const int64_t extent = x.size(axis);
  const auto place = [extent](int64_t bound, int64_t low, int64_t high) {
    return std::clamp(bound < 0 ? bound + extent : bound, low, high);
  };
  if (step > 0) return x.slice(axis, place(start, 0, extent), std::max(place(start, 0, extent), place(end, 0, extent)),
                               step);
  Integers indices;
  // An end before the first element (after adding the extent) means that the first element is taken too.
  const int64_t stop = std::clamp<int64_t>(end < -extent ? -1 : (end < 0 ? end + extent : end), -1, extent - 1);
  for (int64_t i = place(start, 0, extent - 1); i > stop; i += step) indices.push_back(i);
  return x.index_select(axis, at::tensor(indices, at::TensorOptions(at::kLong)).to(x.device()));
}

Kernel LowerSlice(const LoweringRequest& request) {
  const Integers starts = request.Integers(1), ends = request.Integers(2);
  const Integers axes = IntegersOr(request, 3, starts.size(), 0, 1), steps = IntegersOr(request, 4, starts.size(), 1, 0);
  return [=](const Inputs& in, Mode) {
    at::Tensor result = in[0];
    for (size_t i = 0; i < starts.size(); ++i) result = SliceAxis(result, axes[i], starts[i], ends[i], steps[i]);
    return result;
  };
}

// pads for all dimensions, begins then ends, from pads for `axes`.
Integers FullPads(const Integers& pads, const Integers& axes, int64_t rank) {
  Integers full(static_cast<size_t>(2 * rank), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(axes[i] < 0 ? axes[i] + rank : axes[i]);
    full[axis] = pads[i];
    full[axis + static_cast<size_t>(rank)] = pads[i + axes.size()];
  }
  return full;
}

// Where each output position of one dimension reads: mirrored without the border (reflect) or clamped (edge).
at::Tensor PadSource(int64_t extent, int64_t begin, int64_t end, bool reflect) {
  Integers source;
  for (int64_t i = -begin; i < extent + end; ++i) {
    int64_t position = i;
    const int64_t period = 2 * (extent - 1);
    if (reflect && period > 0) {
      position = ((i % period) + period) % period;
      position = std::min(position, period - position);
    }
    source.push_back(std::clamp<int64_t>(position, 0, extent - 1));
  }
  return at::tensor(source, at::TensorOptions(at::kLong));
}

at::Tensor PadByIndex(const at::Tensor& x, const Integers& pads, bool reflect) {
  at::Tensor result = x;
  for (int64_t d = 0; d < x.dim(); ++d) {
    const int64_t begin = pads[static_cast<size_t>(d)], end = pads[static_cast<size_t>(d + x.dim())];
    if (begin == 0 && end == 0) continue;
    result = result.index_select(d, PadSource(x.size(d), begin, end, reflect).to(x.device()));
  }
  return result;
}

at::Tensor PadConstant(const at::Tensor& x, const Integers& pads, double value) {
  Integers innermost_first;
  for (int64_t d = x.dim() - 1; d >= 0; --d) {
    innermost_first.push_back(pads[static_cast<size_t>(d)]);
    innermost_first.push_back(pads[static_cast<size_t>(d + x.dim())]);
  }
  return at::constant_pad_nd(x, innermost_first, value);
}

Kernel LowerPad(const LoweringRequest& request) {
  const Integers pads = request.Integers(1);
  const Integers axes = IntegersOr(request, 3, pads.size() / 2, 0, 1);
  const double value = request.Scalar(2, 0);
  const std::string mode = StringAttribute(request.node, "mode", "constant");
  return [=](const Inputs& in, Mode) {
    const Integers full = FullPads(pads, axes, in[0].dim());
    return mode == "constant" ? PadConstant(in[0], full, value) : PadByIndex(in[0], full, mode == "reflect");
  };
}

}  // namespace

void AddShapes(LoweringTable* table) {
  (*table)["Flatten"] = LowerFlatten;
  (*table)["Reshape"] = LowerReshape;
  (*table)["Concat"] = LowerConcat;
  (*table)["Transpose"] = LowerTranspose;
  (*table)["Slice"] = LowerSlice;
  (*table)["Pad"] = LowerPad;
}

}  // namespace lowbit::train
