// Resize: a tensor sampled on another grid, along each dimension of `axes` (default: all).

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lowbit/base/suggest.h"
#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/integers.h"

namespace lowbit::ops::resize {
namespace {

// Input positions that one output position along one dimension is a weighted sum of.
struct Taps {
  std::vector<int64_t> positions;
  std::vector<double> weights;
};

struct AxisPlan {
  size_t axis = 0;
  int64_t input = 1, output = 1;
  double scale = 1;
  double roi_start = 0, roi_end = 1;
};

struct Settings {
  std::string mode, coordinates, nearest;
  double cubic_a = -0.75, extrapolation = 0;
  bool exclude_outside = false;
};

Settings SettingsOf(const Node& node) {
  return {StringAttribute(node, "mode", "nearest"),
          StringAttribute(node, "coordinate_transformation_mode", "half_pixel"),
          StringAttribute(node, "nearest_mode", "round_prefer_floor"),
          FloatAttribute(node, "cubic_coeff_a", -0.75),
          FloatAttribute(node, "extrapolation_value", 0),
          IntAttribute(node, "exclude_outside", 0) != 0};
}

Status CheckName(const char* attribute, const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return Ok();
  return Invalid(UnknownName(attribute, name, known));
}

Status CheckSettings(const Settings& settings) {
  LOWBIT_RETURN_IF_ERROR(CheckName("mode", settings.mode, {"nearest", "linear", "cubic"}));
  LOWBIT_RETURN_IF_ERROR(CheckName("coordinate_transformation_mode", settings.coordinates,
                                   {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric",
                                    "half_pixel_symmetric", "tf_crop_and_resize"}));
  return CheckName("nearest_mode", settings.nearest, {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
}

// The place in the input, counted in elements, that output position `i` looks at.
double PlaceOf(const Settings& settings, const AxisPlan& plan, int64_t i) {
  const double x = static_cast<double>(i), input = static_cast<double>(plan.input);
  const double output = static_cast<double>(plan.output);
  if (settings.coordinates == "asymmetric") return x / plan.scale;
  // Of the output that the scale asks for, which may have a fraction.
  if (settings.coordinates == "align_corners") return plan.output == 1 ? 0 : x * (input - 1) / (input * plan.scale - 1);
  if (settings.coordinates == "pytorch_half_pixel" && plan.output == 1) return 0;
  if (settings.coordinates == "tf_crop_and_resize") {
    const double span = (plan.roi_end - plan.roi_start) * (input - 1);
    if (plan.output == 1) return 0.5 * (plan.roi_start + plan.roi_end) * (input - 1);
    return plan.roi_start * (input - 1) + x * span / (output - 1);
  }
  if (settings.coordinates == "half_pixel_symmetric") {
    // The output that the scale asks for may have a fraction; its centre is put on the input's.
    const double centre = input / 2, whole = output / (input * plan.scale);
    return centre * (1 - whole) + (x + 0.5) / plan.scale - 0.5;
  }
  return (x + 0.5) / plan.scale - 0.5;
}

int64_t NearestTo(const std::string& mode, double place) {
  if (mode == "floor") return static_cast<int64_t>(std::floor(place));
  if (mode == "ceil") return static_cast<int64_t>(std::ceil(place));
  if (mode == "round_prefer_ceil") return static_cast<int64_t>(std::floor(place + 0.5));
  return static_cast<int64_t>(std::ceil(place - 0.5));
}

// Keys' kernel (1981) at distance t with its free parameter a.
double Cubic(double t, double a) {
  t = std::abs(t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return 0;
}

Taps TapsOf(const Settings& settings, const AxisPlan& plan, int64_t i) {
  const double place = PlaceOf(settings, plan, i);
  const int64_t floor = static_cast<int64_t>(std::floor(place));
  const double fraction = place - std::floor(place);
  Taps taps;
  if (settings.mode == "nearest") {
    taps = {{NearestTo(settings.nearest, place)}, {1}};
  } else if (settings.mode == "linear") {
    taps = {{floor, floor + 1}, {1 - fraction, fraction}};
  } else {
    for (int64_t k = -1; k <= 2; ++k) {
      taps.positions.push_back(floor + k);
      taps.weights.push_back(Cubic(fraction - static_cast<double>(k), settings.cubic_a));
    }
  }
  if (settings.exclude_outside) {
    for (size_t k = 0; k < taps.positions.size(); ++k) {
      if (taps.positions[k] < 0 || taps.positions[k] >= plan.input) taps.weights[k] = 0;
    }
    const double sum = std::accumulate(taps.weights.begin(), taps.weights.end(), 0.0);
    for (double& weight : taps.weights) weight /= sum;
  }
  for (int64_t& position : taps.positions) position = std::clamp<int64_t>(position, 0, plan.input - 1);
  return taps;
}

// Scales to double, where both callers have them as they come.
struct Request {
  std::vector<double> roi, scales;
  std::vector<int64_t> sizes;
};

Result<std::vector<AxisPlan>> MakePlan(const Node& node, const Shape& input, const Request& request) {
  std::vector<int64_t> all(input.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  const std::vector<int64_t> axes = IntsAttribute(node, "axes", all);
  LOWBIT_RETURN_IF_ERROR(ResolveAxes(axes, input.size()));
  const bool by_sizes = !request.sizes.empty();
  const size_t given = by_sizes ? request.sizes.size() : request.scales.size();
  if (by_sizes != request.scales.empty()) return Invalid("needs scales or sizes, and not both");
  if (given != axes.size()) {
    return Invalid("has " + std::to_string(given) + " scales or sizes; expected " + std::to_string(axes.size()));
  }
  const bool crops = SettingsOf(node).coordinates == "tf_crop_and_resize";
  if (crops && request.roi.size() != 2 * axes.size()) {
    return Invalid("roi has " + std::to_string(request.roi.size()) + " values; expected " +
                   std::to_string(2 * axes.size()));
  }
  std::vector<AxisPlan> plans;
  for (size_t i = 0; i < axes.size(); ++i) {
    AxisPlan plan;
    plan.axis = ResolveAxis(axes[i], input.size()).value();
    plan.input = input[plan.axis];
    if (crops) plan.roi_start = request.roi[i], plan.roi_end = request.roi[axes.size() + i];
    const double extent = static_cast<double>(plan.input);
    const double wanted = by_sizes ? static_cast<double>(request.sizes[i])
                                   : std::floor(extent * request.scales[i] * (plan.roi_end - plan.roi_start));
    if (!(wanted >= 1) || !(wanted <= static_cast<double>(kMaxElements))) {
      return Invalid("dimension " + std::to_string(plan.axis) + " would have the extent " + std::to_string(wanted));
    }
    plan.output = static_cast<int64_t>(wanted);
    plan.scale = by_sizes ? wanted / extent : request.scales[i];
    plans.push_back(plan);
  }
  return plans;
}

Result<Shape> OutputShape(const Node& node, const Shape& input, const Request& request) {
  LOWBIT_TRY(const std::vector<AxisPlan> plans, MakePlan(node, input, request));
  Shape shape = input;
  for (const AxisPlan& plan : plans) shape[plan.axis] = plan.output;
  return shape;
}

Result<std::vector<double>> Floats(const std::vector<InputView>& inputs, size_t i) {
  if (i >= inputs.size() || !inputs[i].present) return std::vector<double>();
  if (inputs[i].floats == nullptr) return Invalid("input " + std::to_string(i) + " must be a float parameter");
  const std::vector<float>& values = inputs[i].floats->data;
  return std::vector<double>(values.begin(), values.end());
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_RETURN_IF_ERROR(CheckSettings(SettingsOf(node)));
  if (IntAttribute(node, "antialias", 0) != 0) return Invalid("attribute 'antialias' must be 0");
  if (const std::string policy = StringAttribute(node, "keep_aspect_ratio_policy", "stretch"); policy != "stretch") {
    return Invalid("attribute 'keep_aspect_ratio_policy' must be stretch; it is " + policy);
  }
  Request request;
  LOWBIT_TRY(request.roi, Floats(inputs, 1));
  LOWBIT_TRY(request.scales, Floats(inputs, 2));
  LOWBIT_TRY(request.sizes, ReadIntegers(inputs, 3));
  LOWBIT_TRY(Shape shape, OutputShape(node, inputs[0].shape, request));
  return std::vector<Shape>{std::move(shape)};
}

DoubleTensor ResizeAxis(const DoubleTensor& x, const Settings& settings, const AxisPlan& plan) {
  const AxisSplit from = SplitAt(x.shape, plan.axis);
  Shape shape = x.shape;
  shape[plan.axis] = plan.output;
  DoubleTensor y(shape);
  for (int64_t i = 0; i < plan.output; ++i) {
    const double place = PlaceOf(settings, plan, i);
    const bool outside =
        settings.coordinates == "tf_crop_and_resize" && (place < 0 || place > static_cast<double>(plan.input - 1));
    const Taps taps = TapsOf(settings, plan, i);
    for (int64_t outer = 0; outer < from.outer; ++outer) {
      double* to = y.data.data() + (outer * plan.output + i) * from.inner;
      for (int64_t inner = 0; inner < from.inner; ++inner) {
        double sum = 0;
        for (size_t k = 0; k < taps.positions.size(); ++k) {
          sum += taps.weights[k] *
                 x.data[static_cast<size_t>((outer * from.extent + taps.positions[k]) * from.inner + inner)];
        }
        to[inner] = outside ? settings.extrapolation : sum;
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
  const std::vector<AxisPlan> plans =
      MakePlan(node, inputs[0]->shape, {floats(1), floats(2), ReadIntegers(inputs, 3)}).value();
  DoubleTensor y = *inputs[0];
  const Settings settings = SettingsOf(node);
  for (const AxisPlan& plan : plans) {
    const bool crops = settings.coordinates == "tf_crop_and_resize";
    if (plan.output != plan.input || plan.scale != 1 || crops) y = ResizeAxis(y, settings, plan);
  }
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
