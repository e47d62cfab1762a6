#include "lowbit/data/confusion_matrix.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "lowbit/data/segmentation.h"

namespace lowbit::data {

void ConfusionMatrix::Add(Span<const uint8_t> answer, Span<const uint8_t> truth) {
  LOWBIT_CHECK(answer.size() == truth.size());
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] == kNoClass) continue;
    LOWBIT_CHECK(truth[i] < classes_ && answer[i] < classes_);
    ++counts_[static_cast<size_t>(truth[i] * classes_ + answer[i])];
  }
}

int64_t ConfusionMatrix::total() const { return std::accumulate(counts_.begin(), counts_.end(), int64_t{0}); }

double ConfusionMatrix::PixelAccuracy() const {
  int64_t right = 0;
  for (int64_t k = 0; k < classes_; ++k) right += At(k, k);
  const int64_t all = total();
  return all == 0 ? 1 : static_cast<double>(right) / static_cast<double>(all);
}

double ConfusionMatrix::IntersectionOverUnion(int64_t k) const {
  int64_t either = -At(k, k);
  for (int64_t other = 0; other < classes_; ++other) either += At(k, other) + At(other, k);
  if (either == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(At(k, k)) / static_cast<double>(either);
}

double ConfusionMatrix::MeanIntersectionOverUnion() const {
  double sum = 0;
  int64_t seen = 0;
  for (int64_t k = 0; k < classes_; ++k) {
    const double iou = IntersectionOverUnion(k);
    if (std::isnan(iou)) continue;
    sum += iou;
    ++seen;
  }
  return seen == 0 ? 1 : sum / static_cast<double>(seen);
}

}  // namespace lowbit::data
