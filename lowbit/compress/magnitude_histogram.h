#ifndef LOWBIT_COMPRESS_MAGNITUDE_HISTOGRAM_H_
#define LOWBIT_COMPRESS_MAGNITUDE_HISTOGRAM_H_

#include <cstdint>
#include <vector>

#include "lowbit/base/span.h"

namespace lowbit::compress {

// How often |x| takes which values, of a stream of floats whose range is not known beforehand: equal bins whose width
// doubles when a value lies beyond the last one. Zeros are counted on their own.
class MagnitudeHistogram {
 public:
  static constexpr int64_t kBins = 4096;

  // False, and the values not counted, if one of them is not finite. O(count), and O(kBins) for each doubling.
  bool Add(Span<const float> values);

  int64_t count() const { return count_; }
  double largest() const { return largest_; }
  bool negative() const { return negative_; }  // Some value was below 0.

  // A magnitude that at least this share of the values does not exceed: the upper edge of a bin, at most largest().
  // 0 if all values are 0. REQUIRES: 0 < share <= 1, count() > 0
  double Quantile(double share) const;
  // The share of the values that exceed the limit, to the accuracy of a bin.
  double ShareAbove(double limit) const;
  // The mean of (|x| - round(min(|x|, steps * scale) / scale) * scale)^2, with each bin's values at its middle: the error
  // of a grid of `steps` steps of size `scale` on each side of 0. REQUIRES: scale > 0, count() > 0
  double SquaredError(double scale, int steps) const;

 private:
  double Middle(size_t bin) const { return (static_cast<double>(bin) + .5) * width_; }
  void Widen(double to);

  std::vector<int64_t> bins_ = std::vector<int64_t>(static_cast<size_t>(kBins), 0);
  double width_ = 0;  // A power of two; 0: no value but 0 yet.
  double largest_ = 0;
  int64_t count_ = 0, zeros_ = 0;
  bool negative_ = false;
};

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_MAGNITUDE_HISTOGRAM_H_
