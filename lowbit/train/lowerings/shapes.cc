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

Kernel LowerSplit(const LoweringRequest& request) {
  const int64_t axis = IntAttribute(request.node, "axis", 0);
  const int64_t pieces = static_cast<int64_t>(request.node.outputs.size());
  if (HasInput(request.node, 1)) {
    const Integers lengths = request.Integers(1);
    return [=](const Inputs& in, Mode) -> Outputs { return at::split_with_sizes(in[0], lengths, axis); };
  }
  return [=](const Inputs& in, Mode) -> Outputs {
    return at::split(in[0], (in[0].size(axis) + pieces - 1) / pieces, axis);
  };
}

// As broadcasting repeats it.
Kernel LowerExpand(const LoweringRequest& request) {
  const Integers requested = request.Integers(1);
  return [requested](const Inputs& in, Mode) {
    const size_t own = static_cast<size_t>(in[0].dim()), rank = std::max(own, requested.size());
    Integers shape(rank, 1);
    std::copy(requested.rbegin(), requested.rend(), shape.rbegin());
    for (size_t d = 0; d < own; ++d) {
      const int64_t extent = in[0].size(static_cast<int64_t>(d));
      if (extent != 1) shape[rank - own + d] = extent;
    }
    return in[0].expand(shape);
  };
}

Kernel LowerTile(const LoweringRequest& request) {
  const Integers repeats = request.Integers(1);
  return [repeats](const Inputs& in, Mode) { return in[0].repeat(repeats); };
}

Kernel LowerDepthToSpace(const LoweringRequest& request) {
  const int64_t b = IntAttribute(request.node, "blocksize", 1);
  const bool inner = StringAttribute(request.node, "mode", "DCR") == "CRD";
  return [b, inner](const Inputs& in, Mode) {
    const int64_t n = in[0].size(0), c = in[0].size(1) / (b * b), h = in[0].size(2), w = in[0].size(3);
    const at::Tensor turned = inner ? in[0].reshape({n, c, b, b, h, w}).permute({0, 1, 4, 2, 5, 3})
                                    : in[0].reshape({n, b, b, c, h, w}).permute({0, 3, 4, 1, 5, 2});
    return turned.reshape({n, c, h * b, w * b});
  };
}

Kernel LowerSpaceToDepth(const LoweringRequest& request) {
  const int64_t b = IntAttribute(request.node, "blocksize", 1);
  return [b](const Inputs& in, Mode) {
    const int64_t n = in[0].size(0), c = in[0].size(1), h = in[0].size(2) / b, w = in[0].size(3) / b;
    return in[0].reshape({n, c, h, b, w, b}).permute({0, 3, 5, 1, 2, 4}).reshape({n, b * b * c, h, w});
  };
}

Kernel LowerCumSum(const LoweringRequest& request) {
  const bool exclusive = IntAttribute(request.node, "exclusive", 0) != 0;
  const bool reverse = IntAttribute(request.node, "reverse", 0) != 0;
  const int64_t axis = request.Integers(1).at(0);
  return [=](const Inputs& in, Mode) {
    at::Tensor x = reverse ? in[0].flip({axis}) : in[0];
    if (exclusive) x = at::cat({at::zeros_like(x.narrow(axis, 0, 1)), x.narrow(axis, 0, x.size(axis) - 1)}, axis);
    const at::Tensor sums = at::cumsum(x, axis);
    return reverse ? sums.flip({axis}) : sums;
  };
}

Kernel LowerShape(const LoweringRequest& request) {
  const int64_t rank = static_cast<int64_t>(request.shapes[0].size());
  const auto place = [rank](int64_t bound) { return std::clamp<int64_t>(bound < 0 ? bound + rank : bound, 0, rank); };
  const int64_t start = place(IntAttribute(request.node, "start", 0));
  const int64_t end = std::max(start, place(IntAttribute(request.node, "end", rank)));
  return [start, end](const Inputs& in, Mode) {
    const std::vector<double> extents(in[0].sizes().begin() + start, in[0].sizes().begin() + end);
    return at::tensor(extents, at::kDouble).to(in[0].options());
  };
}

Kernel LowerSize(const LoweringRequest&) {
  return [](const Inputs& in, Mode) { return at::full({}, static_cast<double>(in[0].numel()), in[0].options()); };
}

}  // namespace

void AddShapes(LoweringTable* table) {
  (*table)["CumSum"] = LowerCumSum;
  (*table)["DepthToSpace"] = LowerDepthToSpace;
  (*table)["Expand"] = LowerExpand;
  (*table)["Flatten"] = LowerFlatten;
  (*table)["Reshape"] = LowerReshape;
  (*table)["Concat"] = LowerConcat;
  (*table)["Transpose"] = LowerTranspose;
  (*table)["Shape"] = LowerShape;
  (*table)["Size"] = LowerSize;
  (*table)["Slice"] = LowerSlice;
  (*table)["SpaceToDepth"] = LowerSpaceToDepth;
  (*table)["Split"] = LowerSplit;
  (*table)["Tile"] = LowerTile;
  (*table)["Squeeze"] = LowerSqueeze;
  (*table)["Unsqueeze"] = LowerUnsqueeze;
}

}  // namespace lowbit::train
