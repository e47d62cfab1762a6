#ifndef LOWBIT_QUANT_ROW_QUANTIZER_H_
#define LOWBIT_QUANT_ROW_QUANTIZER_H_

// The fast form of a quantizer whose rows can be quantized one after the other: what the trainer runs in each step on the
// CPU, while a row is in the first-level cache. Optional for a method; its scalar definition (quantizer.h) is the
// specification of this form too.

#include <cstddef>
#include <cstdint>

#include "lowbit/base/span.h"
#include "lowbit/core/qtensor.h"
#include "lowbit/quant/row_formula.h"

namespace lowbit::quant {

class RowQuantizer {
 public:
  virtual ~RowQuantizer() = default;
  virtual ValueSet Values() const = 0;
  // Whether all rows have the same scale.
  virtual bool OneScale() const { return false; }
  // What every row must know of the whole layer (a threshold, say); 0 for methods that look at one row at a time.
  // `weights`: row-major [rows, columns].
  virtual double LayerStatistic(Span<const float> /*weights*/) const { return 0; }
  // Writes the row's levels, each exactly a value of Values(), and returns its scale: w_j ~ scale * levels[j].
  // A NaN among the weights makes the scale or some level NaN: a diverged network must show. Sums in double.
  // Thread-safe. REQUIRES: row not empty; room for row.size() levels, apart from the row.
  virtual float QuantizeRow(Span<const float> row, double layer_statistic, float* levels) const = 0;
  // The same as numbers that a GPU can be given; null: there are none.
  virtual const RowFormula* Formula() const { return nullptr; }
};

// term(0) + ... + term(count - 1) in double: eight running sums, term i in number i % 8, added in order at the end. The
// same bits on every machine, at eight times the pace of one chain of additions.
template <typename Term>
double LaneSum(size_t count, const Term& term) {
  constexpr size_t kLanes = 8;
  double sums[kLanes] = {};
  const size_t whole = count / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += static_cast<double>(term(i + lane));
  }
  for (size_t i = whole; i < count; ++i) sums[i - whole] += static_cast<double>(term(i));
  double sum = 0;
  for (const double lane : sums) sum += lane;
  return sum;
}

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_ROW_QUANTIZER_H_
