#include "lowbit/core/ops_common/resample.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "lowbit/base/suggest.h"
#include "lowbit/core/ops_common/axis.h"

namespace lowbit::ops {
namespace {

constexpr const char* kCrop = "tf_crop_and_resize";

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
  LOWBIT_RETURN_IF_ERROR(
      CheckName("coordinate_transformation_mode", settings.coordinates,
                {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric", kCrop}));
  return CheckName("nearest_mode", settings.nearest, {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
}

// The place in the input, counted in elements, that output position `i` looks at.
double PlaceOf(const Settings& settings, const ResampledAxis& plan, int64_t i) {
  const double x = static_cast<double>(i), input = static_cast<double>(plan.input);
  const double output = static_cast<double>(plan.output);
  if (settings.coordinates == "asymmetric") return x / plan.scale;
  // Of the output that the scale asks for, which may have a fraction.
  if (settings.coordinates == "align_corners") return plan.output == 1 ? 0 : x * (input - 1) / (input * plan.scale - 1);
  if (settings.coordinates == "pytorch_half_pixel" && plan.output == 1) return 0;
  if (settings.coordinates == kCrop) {
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

// Leaves the weight to what lies in the input; all as it was where nothing does.
void ExcludeOutside(int64_t input, Taps* taps) {
  std::vector<double> inside = taps->weights;
  for (size_t k = 0; k < inside.size(); ++k) {
    if (taps->positions[k] < 0 || taps->positions[k] >= input) inside[k] = 0;
  }
  const double sum = std::accumulate(inside.begin(), inside.end(), 0.0);
  if (sum == 0) return;
  for (double& weight : inside) weight /= sum;
  taps->weights = std::move(inside);
}

Taps TapsAt(const Settings& settings, const ResampledAxis& plan, int64_t i) {
  const double place = PlaceOf(settings, plan, i);
  const bool outside = place < 0 || place > static_cast<double>(plan.input - 1);
  if (outside && settings.coordinates == kCrop) return {{}, {}, settings.extrapolation};
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
  if (settings.exclude_outside) ExcludeOutside(plan.input, &taps);
  for (int64_t& position : taps.positions) position = std::clamp<int64_t>(position, 0, plan.input - 1);
  return taps;
}

}  // namespace

Result<std::vector<ResampledAxis>> PlanResize(const Node& node, const Shape& input, const ResampleRequest& request) {
  LOWBIT_RETURN_IF_ERROR(CheckSettings(SettingsOf(node)));
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
  const bool crops = SettingsOf(node).coordinates == kCrop;
  if (crops && request.roi.size() != 2 * axes.size()) {
    return Invalid("roi has " + std::to_string(request.roi.size()) + " values; expected " +
                   std::to_string(2 * axes.size()));
  }
  std::vector<ResampledAxis> plans;
  for (size_t i = 0; i < axes.size(); ++i) {
    ResampledAxis plan;
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
    if (plan.output != plan.input || plan.scale != 1 || crops) plans.push_back(plan);
  }
  return plans;
}

std::vector<Taps> TapsOf(const Node& node, const ResampledAxis& axis) {
  const Settings settings = SettingsOf(node);
  std::vector<Taps> taps;
  for (int64_t i = 0; i < axis.output; ++i) taps.push_back(TapsAt(settings, axis, i));
  return taps;
}

}  // namespace lowbit::ops
