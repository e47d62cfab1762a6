#ifndef LOWBIT_QUANT_ACTIVATION_SCALE_H_
#define LOWBIT_QUANT_ACTIVATION_SCALE_H_

#include "lowbit/base/span.h"

namespace lowbit::quant {

// The scale s of a grid s * {low, ..., high} that holds these values with the least sum of (x - nearest value)^2, where
// what lies beyond the ends becomes the end: values far out are worth less than fine steps for the many. Searched among the
// 128 scales s_max 2^(-i / 16), where s_max is the smallest that covers all values, so that the steps are within 4.4 % of
// each other. 1 if all values are 0, or one is not finite.
// REQUIRES: low <= 0 < high, integers; values below 0 only if low < 0. Costs 128 passes.
double LeastSquaresScale(Span<const float> values, double low, double high);

// The scale that aligns levels with the distribution of these values in closed form (distribution difference aligner, Gong et al. 2022;
// quant/alignment.h): for levels with two signs, values taken as normal about 0 with their root mean square; for levels that are not
// negative, as what a Relu leaves of a normal distribution, whose deviation is sqrt(2 mean x^2). 1 if all values are 0, or one is not
// finite. REQUIRES: `levels` ascending, symmetric about 0 or from 0 up, at least two.
double AlignedScale(Span<const float> values, Span<const float> levels);

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_ACTIVATION_SCALE_H_
