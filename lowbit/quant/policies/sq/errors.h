#ifndef LOWBIT_QUANT_POLICIES_SQ_ERRORS_H_
#define LOWBIT_QUANT_POLICIES_SQ_ERRORS_H_

#include <cstdint>

#include "lowbit/base/span.h"
#include "lowbit/quant/policies/sq/options.h"

namespace lowbit::quant::sq {

// How many units there are to choose from: the rows, or every weight.
inline int64_t UnitCount(Unit unit, int64_t rows, int64_t columns) {
  return unit == Unit::kFilter ? rows : rows * columns;
}

// e_i = ||W_i - Q_i||_1 / ||W_i||_1 for each unit i: each row of the row-major matrices, or each weight; 0 where the
// denominator is 0. Sums in double. A single weight's error has no upper bound.
// REQUIRES: weights.size() == quantized.size(), a multiple of `rows`; errors.size() == UnitCount(...); finite values.
void QuantizationErrors(Span<const float> weights, Span<const float> quantized, int64_t rows, Unit unit,
                        Span<double> errors);

}  // namespace lowbit::quant::sq

#endif  // LOWBIT_QUANT_POLICIES_SQ_ERRORS_H_
