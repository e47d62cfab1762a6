// Tensors on another grid: Resize and Pad.

#include <torch/types.h>

#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/pad_source.h"
#include "lowbit/core/ops_common/resample.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;
using Integers = std::vector<int64_t>;

at::Tensor IndexTensor(const Integers& positions) { return at::tensor(positions, at::TensorOptions(at::kLong)); }

// One dimension of a Resize as sums of `weights` times elements at `positions`, as many of each for every output position.
struct Samples {
  int64_t axis = 0;
  std::vector<at::Tensor> positions, weights;  // Of one tap each: [output], the weights shaped to broadcast.
  at::Tensor constants;                        // Undefined where all are 0.
};

Samples SamplesOf(const Node& node, const ops::ResampledAxis& axis, size_t rank) {
  const std::vector<ops::Taps> all = ops::TapsOf(node, axis);
  size_t most = 0;
  bool shifted = false;
  for (const ops::Taps& taps : all) most = std::max(most, taps.positions.size()), shifted |= taps.constant != 0;
  Integers broadcast(rank, 1);
  broadcast[axis.axis] = axis.output;
  const auto column = [&](auto value_of) {
    std::vector<double> values;
    for (const ops::Taps& taps : all) values.push_back(value_of(taps));
    return at::tensor(values, at::kDouble).view(broadcast);
  };
  Samples samples;
  samples.axis = static_cast<int64_t>(axis.axis);
  for (size_t k = 0; k < most; ++k) {
    Integers positions;
    for (const ops::Taps& taps : all) positions.push_back(taps.positions.empty() ? 0 : taps.positions[k]);
    samples.positions.push_back(IndexTensor(positions));
    samples.weights.push_back(
        column([k](const ops::Taps& taps) { return taps.weights.empty() ? 0 : taps.weights[k]; }));
  }
  if (shifted) samples.constants = column([](const ops::Taps& taps) { return taps.constant; });
  return samples;
}

at::Tensor Sample(const at::Tensor& x, const Samples& samples) {
  at::Tensor sum = samples.constants.defined() ? samples.constants.to(x.options()) : at::Tensor();
  for (size_t k = 0; k < samples.positions.size(); ++k) {
    const at::Tensor taken =
        x.index_select(samples.axis, samples.positions[k].to(x.device())) * samples.weights[k].to(x.options());
    sum = sum.defined() ? sum + taken : taken;
  }
  return sum;
}

std::vector<double> Floats(const LoweringRequest& request, size_t input) {
  if (!HasInput(request.node, input)) return {};
  const auto& values = std::get<FloatTensor>(request.parameters.at(input)->value).data;
  return {values.begin(), values.end()};
}

Kernel LowerResize(const LoweringRequest& request) {
  const Integers sizes = HasInput(request.node, 3) ? request.Integers(3) : Integers();
  const Shape& shape = request.shapes[0];
  const auto plan = ops::PlanResize(request.node, shape, {Floats(request, 1), Floats(request, 2), sizes}).value();
  std::vector<Samples> axes;
  for (const ops::ResampledAxis& axis : plan) axes.push_back(SamplesOf(request.node, axis, shape.size()));
  return [axes](const Inputs& in, Mode) {
    at::Tensor result = in[0];
    for (const Samples& samples : axes) result = Sample(result, samples);
    return result;
  };
}

Kernel PadWithConstant(const LoweringRequest& request, const Integers& pads) {
  const size_t rank = pads.size() / 2;
  Integers innermost_first;
  for (size_t d = rank; d-- > 0;) {
    innermost_first.push_back(pads[d]);
    innermost_first.push_back(pads[d + rank]);
  }
  const double value = request.Scalar(2, 0);
  return [=](const Inputs& in, Mode) { return at::constant_pad_nd(in[0], innermost_first, value); };
}

Kernel LowerPad(const LoweringRequest& request) {
  const ops::PadMode mode = ops::PadModeOf(request.node).value();
  const Integers& pads = request.Integers(1);
  if (mode == ops::PadMode::kConstant) return PadWithConstant(request, pads);
  std::vector<std::pair<int64_t, at::Tensor>> sources;  // Of the dimensions that change.
  for (size_t d = 0; d < pads.size() / 2; ++d) {
    const int64_t extent = request.shapes[0][d], begin = pads[d], end = pads[d + pads.size() / 2];
    Integers positions;
    for (int64_t i = -begin; i < extent + end; ++i) positions.push_back(ops::PadSource(mode, i, extent));
    if (begin != 0 || end != 0) sources.emplace_back(static_cast<int64_t>(d), IndexTensor(positions));
  }
  return [sources](const Inputs& in, Mode) {
    at::Tensor result = in[0];
    for (const auto& [axis, positions] : sources) result = result.index_select(axis, positions.to(result.device()));
    return result;
  };
}

}  // namespace

void AddResampling(LoweringTable* table) {
  (*table)["Pad"] = LowerPad;
  (*table)["Resize"] = LowerResize;
}

}  // namespace lowbit::train
