#include "lowbit/compress/magnitude_histogram.h"

#include <algorithm>
#include <cmath>

namespace lowbit::compress {

bool MagnitudeHistogram::Add(Span<const float> values) {
  float largest = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) return false;
    largest = std::max(largest, std::abs(value));
    negative_ = negative_ || value < 0;
  }
  largest_ = std::max(largest_, static_cast<double>(largest));
  Widen(largest_);
  for (const float value : values) {
    if (value == 0) {
      ++zeros_;
    } else {
      const auto bin = static_cast<int64_t>(std::abs(static_cast<double>(value)) / width_);
      ++bins_[static_cast<size_t>(std::min(bin, kBins - 1))];
    }
  }
  count_ += static_cast<int64_t>(values.size());
  return true;
}

// Until the last bin ends at `to` or beyond.
void MagnitudeHistogram::Widen(double to) {
  if (to == 0) return;
  if (width_ == 0) width_ = std::exp2(std::ceil(std::log2(to / static_cast<double>(kBins))));
  while (width_ * static_cast<double>(kBins) < to) {
    for (size_t i = 0; i < bins_.size() / 2; ++i) bins_[i] = bins_[2 * i] + bins_[2 * i + 1];
    std::fill(bins_.begin() + kBins / 2, bins_.end(), 0);
    width_ *= 2;
  }
}

double MagnitudeHistogram::Quantile(double share) const {
  const double wanted = share * static_cast<double>(count_);
  double below = static_cast<double>(zeros_);
  if (below >= wanted) return 0;
  for (size_t i = 0; i < bins_.size(); ++i) {
    below += static_cast<double>(bins_[i]);
    if (below >= wanted) return std::min(largest_, static_cast<double>(i + 1) * width_);
  }
  return largest_;
}

double MagnitudeHistogram::ShareAbove(double limit) const {
  int64_t above = 0;
  for (size_t i = 0; i < bins_.size(); ++i) above += Middle(i) > limit ? bins_[i] : 0;
  return static_cast<double>(above) / static_cast<double>(count_);
}

double MagnitudeHistogram::SquaredError(double scale, int steps) const {
  double sum = 0;
  for (size_t i = 0; i < bins_.size(); ++i) {
    if (bins_[i] == 0) continue;
    const double x = Middle(i), step = std::min<double>(std::nearbyint(x / scale), steps);
    sum += static_cast<double>(bins_[i]) * (x - step * scale) * (x - step * scale);
  }
  return sum / static_cast<double>(count_);
}

}  // namespace lowbit::compress
