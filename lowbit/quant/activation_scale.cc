#include "lowbit/quant/activation_scale.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lowbit/quant/alignment.h"

namespace lowbit::quant {
namespace {

constexpr int kCandidates = 128;
constexpr double kPerOctave = 16;

// The smallest scale whose ends no value is beyond.
double CoveringScale(Span<const float> values, double low, double high) {
  double scale = 0;
  for (const double x : values) {
    if (!std::isfinite(x)) return 0;
    scale = std::max(scale, x > 0 ? x / high : low < 0 ? x / low : 0);
  }
  return scale;
}

double SquaredError(Span<const float> values, double scale, double low, double high) {
  const double inverse = 1 / scale;
  double sum = 0;
  for (const double x : values) {
    const double error = x - scale * std::clamp(std::nearbyint(x * inverse), low, high);
    sum += error * error;
  }
  return sum;
}

}  // namespace

double LeastSquaresScale(Span<const float> values, double low, double high) {
  const double covering = CoveringScale(values, low, high);
  // So small that its inverse is no float: as good as 0.
  if (covering < 1e-30) return 1;
  double best = covering, least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kCandidates; ++i) {
    const double scale = covering * std::exp2(-i / kPerOctave), error = SquaredError(values, scale, low, high);
    if (error < least) least = error, best = scale;
  }
  return best;
}

double AlignedScale(Span<const float> values, Span<const float> levels) {
  double squares = 0;
  for (const double x : values) squares += x * x;
  const bool is_signed = levels[0] < 0;
  const double deviation =
      std::sqrt((is_signed ? 1 : 2) * squares / static_cast<double>(std::max<size_t>(1, values.size())));
  if (!(deviation >= 1e-30) || !std::isfinite(deviation)) return 1;
  std::vector<double> magnitudes;
  for (const double level : levels) {
    if (level >= 0) magnitudes.push_back(level);
  }
  return deviation * Align(magnitudes, is_signed ? Density::kNormal : Density::kHalfNormal).scale;
}

}  // namespace lowbit::quant
