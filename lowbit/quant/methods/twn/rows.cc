#include "lowbit/quant/methods/twn/rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lowbit::quant::methods::twn {
namespace {

// factor * mean |w - center|
double Threshold(Span<const float> weights, double center, double factor) {
  const float* w = weights.data();
  const double sum = LaneSum(weights.size(), [=](size_t i) { return std::fabs(static_cast<double>(w[i]) - center); });
  return factor * (sum / static_cast<double>(weights.size()));
}

// The largest float that is not above the threshold: the floats above the one are the floats above the other, and
// floats are compared four times as fast.
float RoundDown(double threshold) {
  const auto nearest = static_cast<float>(threshold);
  return static_cast<double>(nearest) <= threshold ? nearest : std::nextafter(nearest, -1.0f);
}

}  // namespace

TwnRows::TwnRows(const Options& options) : options_(options) {
  formula_.kind = RowFormula::Kind::kThreshold;
  formula_.whole_layer = options.delta_scope == DeltaScope::kLayer;
  formula_.rule.statistic = ScaleRule::Statistic::kMeanAbs;
  formula_.rule.factor = options.delta_factor;
}

const RowFormula* TwnRows::Formula() const {
  return options_.delta_scope == DeltaScope::kLayerCentered ? nullptr : &formula_;
}

double TwnRows::LayerStatistic(Span<const float> weights) const {
  if (options_.delta_scope == DeltaScope::kRow) return 0;
  const bool centered = options_.delta_scope == DeltaScope::kLayerCentered;
  const float* w = weights.data();
  const double sum = centered ? LaneSum(weights.size(), [w](size_t i) { return w[i]; }) : 0;
  return Threshold(weights, sum / static_cast<double>(weights.size()), options_.delta_factor);
}

float TwnRows::QuantizeRow(Span<const float> row, double layer_statistic, float* levels) const {
  const double threshold =
      options_.delta_scope == DeltaScope::kRow ? Threshold(row, 0, options_.delta_factor) : layer_statistic;
  if (std::isnan(threshold)) {
    std::fill_n(levels, row.size(), 0.0f);
    return std::numeric_limits<float>::quiet_NaN();
  }
  const float limit = RoundDown(threshold);
  const float* w = row.data();
  for (size_t j = 0; j < row.size(); ++j) {
    levels[j] = static_cast<float>(w[j] > limit) - static_cast<float>(w[j] < -limit);
  }
  const double count = LaneSum(row.size(), [levels](size_t j) { return std::fabs(levels[j]); });
  const double sum = LaneSum(row.size(), [w, levels](size_t j) { return w[j] * levels[j]; });
  return count == 0 ? 0.0f : static_cast<float>(sum / count);
}

}  // namespace lowbit::quant::methods::twn
