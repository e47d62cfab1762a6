#include "lowbit/core/ops_common/normalize.h"

#include <cmath>
#include <numeric>

namespace lowbit::ops {

Moments Normalize(Span<double> values, double epsilon) {
  const double count = static_cast<double>(values.size());
  Moments moments;
  moments.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (double& value : values) {
    value -= moments.mean;
    squares += value * value;
  }
  moments.inverse_deviation = 1 / std::sqrt(squares / count + epsilon);
  for (double& value : values) value *= moments.inverse_deviation;
  return moments;
}

}  // namespace lowbit::ops
