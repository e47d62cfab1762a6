#ifndef LOWBIT_COMPRESS_ROUNDING_ROW_GRID_H_
#define LOWBIT_COMPRESS_ROUNDING_ROW_GRID_H_

#include "lowbit/base/span.h"

namespace lowbit::compress {

// How the step of a row of integer weights is chosen.
enum class WeightRange {
  kMax,               // The largest magnitude is the last integer: no weight is clipped.
  kMeanSquaredError,  // The step with the least squared error of the row's weights, see ChooseRowGrid.
};

// The integers lowest..highest times a step.
struct RowGrid {
  float scale = 1;
  int lowest = -127, highest = 127;

  // The integer whose product with the scale is nearest to `value`; of two the even one. REQUIRES: value is finite
  int Nearest(double value) const;
};

// The grid of `bits` bits for a row, with L = 2^(bits-1) - 1 and M the row's largest magnitude.
//
//   kMax               scale M / L; integers -L..L
//   kMeanSquaredError  of the scales M / L * 0.99^k, k = 0..299, the one with the least sum of squared errors of the row's weights,
//                      the largest of equals; integers -L-1..L, for that one more is there. Sums in double, in the row's order.
//
// A row whose M / L is no normal float (zeros, or next to it) gets the scale 1, with which it becomes zeros.
// REQUIRES: 2 <= bits <= 8, finite weights. Cost: 300 divisions a weight for kMeanSquaredError.
RowGrid ChooseRowGrid(Span<const float> row, int bits, WeightRange range);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_ROUNDING_ROW_GRID_H_
