#ifndef LOWBIT_QUANT_SUMS_H_
#define LOWBIT_QUANT_SUMS_H_

#include <cmath>
#include <cstdint>

#include "lowbit/base/span.h"

namespace lowbit::quant {

// Sum of |w|, in double, from the first value to the last: the order is part of the definition of every method here.
inline double AbsSum(Span<const float> weights) {
  double sum = 0;
  for (const float w : weights) sum += std::fabs(static_cast<double>(w));
  return sum;
}

// Row `row` of a row-major matrix with `columns` columns.
template <typename T>
Span<T> Row(Span<T> matrix, int64_t row, int64_t columns) {
  return matrix.subspan(static_cast<size_t>(row * columns), static_cast<size_t>(columns));
}

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_SUMS_H_
