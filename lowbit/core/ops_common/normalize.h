#ifndef LOWBIT_CORE_OPS_COMMON_NORMALIZE_H_
#define LOWBIT_CORE_OPS_COMMON_NORMALIZE_H_

// What normalizations over measured statistics share.

#include "lowbit/base/span.h"

namespace lowbit::ops {

struct Moments {
  double mean = 0;
  double inverse_deviation = 0;  // 1 / sqrt(variance + epsilon), with the variance of the whole population.
};

// Shifts and scales the values to mean 0 and variance 1 (a little less, for epsilon); returns what they had.
Moments Normalize(Span<double> values, double epsilon);

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_NORMALIZE_H_
