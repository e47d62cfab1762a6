#ifndef LOWBIT_CORE_LEVEL_GRID_H_
#define LOWBIT_CORE_LEVEL_GRID_H_

// The grid of the operator LevelQuant: any ascending integers, and the thresholds between them.

#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/tensor.h"

namespace lowbit {

// Values scale * level. A number x becomes levels[k], where k counts the thresholds that x / scale reaches (is at least).
struct LevelGrid {
  std::vector<float> thresholds;  // Ascending, finite.
  std::vector<float> levels;      // Ascending integers, one more than thresholds.

  // The level of x / scale; the first one of a NaN.
  double LevelOf(double scaled) const;
};

inline constexpr int kMaxLevels = 256;
inline constexpr int kMaxLevel = 32767;

// Error: thresholds that are not finite and ascending, 1..255 of them; levels that are not one more, ascending integers
// within +-kMaxLevel.
Result<LevelGrid> MakeLevelGrid(const FloatTensor& thresholds, const FloatTensor& levels);

// The grid of elastic significant bits (Gong et al. 2022): magnitudes 2^n (2^k + f) / 2^k and those below 1 in steps of 2^-k, where
// f < 2^k and n < 2^e - 1, in units of 2^-k; `exponent_bits` is e, `fraction_bits` k. Signed: with their negatives, 2^(e+k+1) - 1
// levels; else 2^(e+k). Thresholds are the midpoints. A number at a midpoint goes to the level whose significand, in the steps
// between the two, is even, as rounding half to even does; where that is the one towards minus infinity, the threshold is the
// next float above the midpoint.
// REQUIRES: e >= 1, k >= 0, all levels within +-kMaxLevel, at most kMaxLevels of them
LevelGrid ElasticLevels(int exponent_bits, int fraction_bits, bool is_signed);

}  // namespace lowbit

#endif  // LOWBIT_CORE_LEVEL_GRID_H_
