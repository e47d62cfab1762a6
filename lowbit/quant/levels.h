#ifndef LOWBIT_QUANT_LEVELS_H_
#define LOWBIT_QUANT_LEVELS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "lowbit/core/qtensor.h"

namespace lowbit::quant {

// A value set in ascending order, and which of its values ("levels") is nearest to a number. Every boundary is the middle
// between two neighbours, in double.
class Levels {
 public:
  // Which of two equally near levels is taken.
  enum class Ties {
    // The rounder one: the multiple of the higher power of two; 0 is the roundest. On a grid of integers that is half to
    // even, on numbers of few digits half to the even last digit.
    kRounder,
    kAway,  // The one farther from 0; between -x and x, x.
  };

  // The values beyond +-`largest` are left out: codes that are never made. REQUIRES: at least one value is left; not a codebook.
  Levels(ValueSet values, Ties ties, float largest = std::numeric_limits<float>::infinity());

  const ValueSet& values() const { return values_; }
  const std::vector<float>& ascending() const { return ascending_; }
  // The code of level number i; the smallest where several stand for the same value.
  uint8_t Code(size_t i) const { return codes_[i]; }

  // The number of the level nearest to x; 0 for a NaN. The definition: a walk over the boundaries.
  size_t Walk(double x) const;
  // The same in log2(levels) comparisons without branches.
  size_t Nearest(double x) const {
    size_t at = 0;
    for (size_t step = half_; step > 0; step /= 2) at += x >= padded_[at + step - 1] ? step : 0;
    return at;
  }
  // Entry i is the smallest double whose nearest level is number i + 1 (or a later one).
  std::vector<double> Starts() const;

 private:
  bool TieGoesUp(size_t i) const;  // From level i to i + 1.

  ValueSet values_;
  Ties ties_;
  std::vector<float> ascending_;
  std::vector<uint8_t> codes_;
  size_t half_ = 0;             // Half of the smallest power of two that is at least the number of levels.
  std::vector<double> padded_;  // Starts(), then NaN: no number is beyond.
};

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_LEVELS_H_
