// Resize: a tensor sampled on another grid, along each dimension of `axes` (default: all).

#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/integers.h"
#include "lowbit/core/ops_common/resample.h"

namespace lowbit::ops::resize {
namespace {

Result<Shape> OutputShape(const Node& node, const Shape& input, const ResampleRequest& request) {
  LOWBIT_TRY(const std::vector<ResampledAxis> plans, PlanResize(node, input, request));
  Shape shape = input;
  for (const ResampledAxis& plan : plans) shape[plan.axis] = plan.output;
  return shape;
}

Result<std::vector<double>> Floats(const std::vector<InputView>& inputs, size_t i) {
  if (i >= inputs.size() || !inputs[i].present) return std::vector<double>();
  if (inputs[i].floats == nullptr) return Invalid("input " + std::to_string(i) + " must be a float parameter");
  const std::vector<float>& values = inputs[i].floats->data;
  return std::vector<double>(values.begin(), values.end());
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  if (IntAttribute(node, "antialias", 0) != 0) return Invalid("attribute 'antialias' must be 0");
  if (const std::string policy = StringAttribute(node, "keep_aspect_ratio_policy", "stretch"); policy != "stretch") {
    return Invalid("attribute 'keep_aspect_ratio_policy' must be stretch; it is " + policy);
  }
  ResampleRequest request;
  LOWBIT_TRY(request.roi, Floats(inputs, 1));
  LOWBIT_TRY(request.scales, Floats(inputs, 2));
  LOWBIT_TRY(request.sizes, ReadIntegers(inputs, 3));
  LOWBIT_TRY(Shape shape, OutputShape(node, inputs[0].shape, request));
  return std::vector<Shape>{std::move(shape)};
}

DoubleTensor ResizeAxis(const DoubleTensor& x, const Node& node, const ResampledAxis& plan) {
  const AxisSplit from = SplitAt(x.shape, plan.axis);
  Shape shape = x.shape;
  shape[plan.axis] = plan.output;
  DoubleTensor y(shape);
  auto to = y.data.begin();
  const std::vector<Taps> taps = TapsOf(node, plan);
  for (int64_t outer = 0; outer < from.outer; ++outer) {
    for (const Taps& taken : taps) {
      for (int64_t inner = 0; inner < from.inner; ++inner) {
        double sum = taken.constant;
        for (size_t k = 0; k < taken.positions.size(); ++k) {
          const int64_t place = (outer * from.extent + taken.positions[k]) * from.inner + inner;
          sum += taken.weights[k] * x.data[static_cast<size_t>(place)];
        }
        *to++ = sum;
      }
    }
  }
  return y;
}

// One dimension after the other: the weights of a place are products of those of its dimensions.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const auto floats = [&](size_t i) {
    return i < inputs.size() && inputs[i] != nullptr ? inputs[i]->data : std::vector<double>();
  };
  const std::vector<ResampledAxis> plans =
      PlanResize(node, inputs[0]->shape, {floats(1), floats(2), ReadIntegers(inputs, 3)}).value();
  DoubleTensor y = *inputs[0];
  for (const ResampledAxis& plan : plans) y = ResizeAxis(y, node, plan);
  return {std::move(y)};
}

}  // namespace

// Inputs: data, region of interest (only for tf_crop_and_resize), scales, sizes: one of the last two.
std::vector<Operator> Define() {
  return {{
      .name = "Resize",
      .max_inputs = 4,
      .integer_inputs = {3},
      .attributes = {{"antialias", AttributeType::kInt},
                     {"axes", AttributeType::kInts},
                     {"coordinate_transformation_mode", AttributeType::kString},
                     {"cubic_coeff_a", AttributeType::kFloat},
                     {"exclude_outside", AttributeType::kInt},
                     {"extrapolation_value", AttributeType::kFloat},
                     {"keep_aspect_ratio_policy", AttributeType::kString},
                     {"mode", AttributeType::kString},
                     {"nearest_mode", AttributeType::kString}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::resize
