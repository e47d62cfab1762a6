#include <torch/types.h>

#include <algorithm>
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

// Bounds as numpy reads them: negative ones count from the end, those outside are moved inside.
at::Tensor SliceAxis(const at::Tensor& x, int64_t axis, int64_t start, int64_t end, int64_t step) {
  const int64_t extent = x.size(axis);
  const auto place = [extent](int64_t bound, int64_t low, int64_t high) {
    return std::clamp(bound < 0 ? bound + extent : bound, low, high);
  };
  if (step > 0) return at::slice(x, axis, place(start, 0, extent), place(end, 0, extent), step);
  // libtorch's slice cannot walk backwards.
  Integers indices;
  const int64_t stop = place(end, -1, extent - 1);
  for (int64_t i = place(start, 0, extent - 1); i > stop; i += step) indices.push_back(i);
  return x.index_select(axis, at::tensor(indices, at::TensorOptions(at::kLong)).to(x.device()));
}

Kernel LowerSlice(const LoweringRequest& request) {
  const Integers& starts = request.Integers(1);
  const Integers& ends = request.Integers(2);
  const Integers axes = IntegersOr(request, 3, starts.size(), 0, 1),
                 steps = IntegersOr(request, 4, starts.size(), 1, 0);
  return [=](const Inputs& in, Mode) {
    at::Tensor result = in[0];
    for (size_t i = 0; i < starts.size(); ++i) result = SliceAxis(result, axes[i], starts[i], ends[i], steps[i]);
    return result;
  };
}

Kernel LowerPad(const LoweringRequest& request) {
  if (StringAttribute(request.node, "mode", "constant") != "constant") {
    request.Reject("only the mode 'constant' is trained through");
  }
  const Integers& pads = request.Integers(1);
  const size_t rank = pads.size() / 2;
  Integers innermost_first;
  for (size_t d = rank; d-- > 0;) {
    innermost_first.push_back(pads[d]);
    innermost_first.push_back(pads[d + rank]);
  }
  const double value = request.Scalar(2, 0);
  return [=](const Inputs& in, Mode) { return at::constant_pad_nd(in[0], innermost_first, value); };
}

// Takes dimensions of extent 1 away, the last first, or adds some, the first first.
Kernel LowerSingleDimensions(const LoweringRequest& request, Integers axes, bool squeezes) {
  const int64_t rank = static_cast<int64_t>(request.shapes[0].size());
  const int64_t result_rank = squeezes ? rank : rank + static_cast<int64_t>(axes.size());
  for (int64_t& axis : axes) axis = axis < 0 ? axis + result_rank : axis;
  std::sort(axes.begin(), axes.end());
  if (squeezes) std::reverse(axes.begin(), axes.end());
  return [=](const Inputs& in, Mode) {
    at::Tensor result = in[0];
    for (const int64_t axis : axes) result = squeezes ? result.squeeze(axis) : result.unsqueeze(axis);
    return result;
  };
}

Kernel LowerSqueeze(const LoweringRequest& request) {
  if (HasInput(request.node, 1)) return LowerSingleDimensions(request, request.Integers(1), true);
  Integers axes;
  for (size_t d = 0; d < request.shapes[0].size(); ++d) {
    if (request.shapes[0][d] == 1) axes.push_back(static_cast<int64_t>(d));
  }
  return LowerSingleDimensions(request, std::move(axes), true);
}

Kernel LowerUnsqueeze(const LoweringRequest& request) {
  return LowerSingleDimensions(request, request.Integers(1), false);
}

}  // namespace

void AddShapes(LoweringTable* table) {
  (*table)["Flatten"] = LowerFlatten;
  (*table)["Reshape"] = LowerReshape;
  (*table)["Concat"] = LowerConcat;
  (*table)["Transpose"] = LowerTranspose;
  (*table)["Slice"] = LowerSlice;
  (*table)["Pad"] = LowerPad;
  (*table)["Squeeze"] = LowerSqueeze;
  (*table)["Unsqueeze"] = LowerUnsqueeze;
}

}  // namespace lowbit::train
