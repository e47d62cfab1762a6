// What finds elements by position: Gather, Scatter, ArgMax, TopK and their relatives. Gradients reach the elements, never the
// positions.

#include <torch/types.h>

#include <algorithm>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;

size_t AxisOf(const LoweringRequest& request, int64_t otherwise) {
  return ops::ResolveAxis(IntAttribute(request.node, "axis", otherwise), request.shapes[0].size()).value();
}

// Core's PositionOf: negative ones count from the end, others and NaN are moved inside.
at::Tensor PositionsOf(const at::Tensor& index, int64_t extent) {
  const at::Tensor from_start = at::where(index.lt(0), index + extent, index);
  return at::nan_to_num(from_start, 0).clamp(0, static_cast<double>(extent - 1)).to(at::kLong);
}

Kernel LowerGather(const LoweringRequest& request) {
  const size_t axis = AxisOf(request, 0);
  return [axis](const Inputs& in, Mode) {
    const int64_t dimension = static_cast<int64_t>(axis);
    std::vector<int64_t> shape = in[0].sizes().vec();
    const auto place = shape.erase(shape.begin() + dimension);
    shape.insert(place, in[1].sizes().begin(), in[1].sizes().end());
    const at::Tensor positions = PositionsOf(in[1], in[0].size(dimension)).flatten();
    return in[0].index_select(dimension, positions).reshape(shape);
  };
}

Kernel LowerGatherElements(const LoweringRequest& request) {
  const int64_t axis = static_cast<int64_t>(AxisOf(request, 0));
  return [axis](const Inputs& in, Mode) { return at::gather(in[0], axis, PositionsOf(in[1], in[0].size(axis))); };
}

// The elements of `x` behind its first `batch` dimensions that tuples [..., depth] of positions name, as one position in
// x.flatten(0, batch + depth - 1).
at::Tensor FlatPositions(const at::Tensor& tuples, const at::Tensor& x, int64_t batch) {
  const int64_t depth = tuples.size(-1);
  at::Tensor flat =
      at::zeros(tuples.sizes().slice(0, static_cast<size_t>(tuples.dim() - 1)), tuples.options()).to(at::kLong);
  if (batch > 0) {
    int64_t images = 1;
    for (int64_t d = 0; d < batch; ++d) images *= x.size(d);
    const at::Tensor own = at::arange(images, flat.options()).view({images, 1});
    flat = (flat.reshape({images, -1}) + own).view(flat.sizes());
  }
  for (int64_t k = 0; k < depth; ++k) {
    const int64_t extent = x.size(batch + k);
    flat = flat * extent + PositionsOf(tuples.select(-1, k), extent);
  }
  return flat;
}

Kernel LowerGatherND(const LoweringRequest& request) {
  const int64_t batch = IntAttribute(request.node, "batch_dims", 0);
  return [batch](const Inputs& in, Mode) {
    const int64_t named = batch + in[1].size(-1);
    const at::Tensor positions = FlatPositions(in[1], in[0], batch);
    std::vector<int64_t> shape = positions.sizes().vec();
    shape.insert(shape.end(), in[0].sizes().begin() + named, in[0].sizes().end());
    return in[0].flatten(0, named - 1).index_select(0, positions.flatten()).reshape(shape);
  };
}

// x with updates at places along the axis; `reduction` as ONNX names it. In mixed precision the two may be of different types.
at::Tensor Scatter(const at::Tensor& x, int64_t axis, const at::Tensor& places, const at::Tensor& updates,
                   const std::string& reduction) {
  const at::Tensor values = updates.to(x.scalar_type());
  if (reduction == "none") return at::scatter(x, axis, places, values);
  if (reduction == "add") return at::scatter_add(x, axis, places, values);
  const char* name = reduction == "mul" ? "prod" : reduction == "max" ? "amax" : "amin";
  return at::scatter_reduce(x, axis, places, values, name);
}

Kernel LowerScatterElements(const LoweringRequest& request) {
  const int64_t axis = static_cast<int64_t>(AxisOf(request, 0));
  const std::string reduction = StringAttribute(request.node, "reduction", "none");
  return [=](const Inputs& in, Mode) {
    return Scatter(in[0], axis, PositionsOf(in[1], in[0].size(axis)), in[2], reduction);
  };
}

Kernel LowerScatterND(const LoweringRequest& request) {
  const std::string reduction = StringAttribute(request.node, "reduction", "none");
  return [reduction](const Inputs& in, Mode) {
    const at::Tensor rows = in[0].flatten(0, in[1].size(-1) - 1);
    const at::Tensor x = rows.reshape({rows.size(0), -1});
    const at::Tensor places = FlatPositions(in[1], in[0], 0).reshape({-1, 1}).expand({-1, x.size(1)});
    return Scatter(x, 0, places, in[2].reshape(places.sizes()), reduction).view(in[0].sizes());
  };
}

// Of equal ones the first; with select_last_index the last.
template <bool smallest>
Kernel LowerArgExtreme(const LoweringRequest& request) {
  const int64_t axis = static_cast<int64_t>(AxisOf(request, 0));
  const bool keep = IntAttribute(request.node, "keepdims", 1) != 0;
  const bool last = IntAttribute(request.node, "select_last_index", 0) != 0;
  return [=](const Inputs& in, Mode) {
    const at::Tensor x = last ? in[0].flip({axis}) : in[0];
    const at::Tensor found = smallest ? at::argmin(x, axis, keep) : at::argmax(x, axis, keep);
    return (last ? x.size(axis) - 1 - found : found).to(x.scalar_type());
  };
}

Kernel LowerHardmax(const LoweringRequest& request) {
  const int64_t axis = static_cast<int64_t>(AxisOf(request, -1));
  return [axis](const Inputs& in, Mode) {
    return at::zeros_like(in[0]).scatter(axis, at::argmax(in[0], axis, /*keepdim=*/true), 1);
  };
}

// Equal ones in order of position.
Kernel LowerTopK(const LoweringRequest& request) {
  const int64_t axis = static_cast<int64_t>(AxisOf(request, -1)), count = request.Integers(1).at(0);
  const bool largest = IntAttribute(request.node, "largest", 1) != 0;
  return [=](const Inputs& in, Mode) -> Outputs {
    const auto [values, positions] = at::sort(in[0], /*stable=*/true, axis, largest);
    return std::vector<at::Tensor>{values.narrow(axis, 0, count),
                                   positions.narrow(axis, 0, count).to(in[0].scalar_type())};
  };
}

}  // namespace

void AddLookups(LoweringTable* table) {
  (*table)["ArgMax"] = LowerArgExtreme<false>;
  (*table)["ArgMin"] = LowerArgExtreme<true>;
  (*table)["Gather"] = LowerGather;
  (*table)["GatherElements"] = LowerGatherElements;
  (*table)["GatherND"] = LowerGatherND;
  (*table)["Hardmax"] = LowerHardmax;
  (*table)["ScatterElements"] = LowerScatterElements;
  (*table)["ScatterND"] = LowerScatterND;
  (*table)["TopK"] = LowerTopK;
}

}  // namespace lowbit::train
