#include "lowbit/quant/scale_rule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lowbit/quant/activation_scale.h"
#include "lowbit/quant/row_quantizer.h"

namespace lowbit::quant {
namespace {

double MeanAbs(Span<const float> weights) {
  const float* w = weights.data();
  return LaneSum(weights.size(), [w](size_t i) { return std::fabs(w[i]); }) / static_cast<double>(weights.size());
}

// sum (w - center)^2
double SquaredDistance(Span<const float> weights, double center) {
  const float* w = weights.data();
  return LaneSum(weights.size(), [w, center](size_t i) { return (w[i] - center) * (w[i] - center); });
}

double Rms(Span<const float> weights) {
  return std::sqrt(SquaredDistance(weights, 0) / static_cast<double>(weights.size()));
}

double Std(Span<const float> weights) {
  const float* w = weights.data();
  const auto count = static_cast<double>(weights.size());
  const double mean = LaneSum(weights.size(), [w](size_t i) { return w[i]; }) / count;
  const double squares = SquaredDistance(weights, mean);
  return weights.size() == 1 || squares == 0 ? Rms(weights) : std::sqrt(squares / (count - 1));
}

double MaxAbs(Span<const float> weights) {
  float largest = 0;
  for (const float w : weights) largest = std::max(largest, std::fabs(w));
  return largest;
}

double Quantile(Span<const float> weights, double share) {
  std::vector<float> magnitudes(weights.size());
  std::transform(weights.begin(), weights.end(), magnitudes.begin(), [](float w) { return std::fabs(w); });
  // 99.9 % of 1000 are 999, though in doubles the product is a little more.
  const double product = share * static_cast<double>(weights.size());
  const double rank = std::ceil(product * (1 - 4 * std::numeric_limits<double>::epsilon()));
  const auto place = magnitudes.begin() + static_cast<int64_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(magnitudes.begin(), place, magnitudes.end());
  return *place;
}

double PowerOfTwo(double largest) {
  int exponent = 0;
  std::frexp(4 * largest / 3, &exponent);
  return std::ldexp(1.0, exponent - 1);
}

double Measure(const ScaleRule& rule, Span<const float> weights) {
  using Statistic = ScaleRule::Statistic;
  switch (rule.statistic) {
    case Statistic::kOne:
      return 1;
    case Statistic::kMeanAbs:
      return MeanAbs(weights);
    case Statistic::kRms:
      return Rms(weights);
    case Statistic::kStd:
      return Std(weights);
    case Statistic::kMaxAbs:
      return MaxAbs(weights);
    case Statistic::kQuantile:
      return Quantile(weights, rule.share);
    case Statistic::kLeastSquares:
      return LeastSquaresScale(weights, rule.low, rule.high);
    case Statistic::kPowerOfTwo:
      return PowerOfTwo(MaxAbs(weights));
  }
  return 0;
}

}  // namespace

float ScaleOf(const ScaleRule& rule, Span<const float> weights) {
  if (MaxAbs(weights) == 0) return static_cast<float>(rule.of_zeros);
  return static_cast<float>(rule.factor * Measure(rule, weights));
}

}  // namespace lowbit::quant
