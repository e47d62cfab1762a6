#ifndef LOWBIT_QUANT_SCALE_RULE_H_
#define LOWBIT_QUANT_SCALE_RULE_H_

#include "lowbit/base/span.h"

namespace lowbit::quant {

// How a scale follows from the weights that it is for: factor * statistic.
struct ScaleRule {
  enum class Statistic {
    kOne,       // 1, whatever the weights are.
    kMeanAbs,   // mean |w|
    kRms,       // sqrt(mean w^2)
    kStd,       // sqrt(sum (w - mean)^2 / (n - 1)); kRms where that is 0 or n is 1.
    kMaxAbs,    // max |w|
    kQuantile,  // The smallest of the |w| that at least `share` of them do not exceed.
    // The scale of the integers low..high with the least squared error, as in activation_scale.h. Costs 128 passes.
    kLeastSquares,
    kPowerOfTwo,  // 2^floor(log2(4/3 max |w|)): the power of two nearest to the largest weight, halves up.
  };
  Statistic statistic = Statistic::kMaxAbs;
  double factor = 1;
  double share = 1;           // (0, 1]
  double low = -1, high = 1;  // low <= 0 < high
  double of_zeros = 0;        // The scale of weights that are all 0.
};

// The scale, in double rounded to float once. A NaN among the weights may be overlooked.
// REQUIRES: weights not empty.
float ScaleOf(const ScaleRule& rule, Span<const float> weights);

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_SCALE_RULE_H_
