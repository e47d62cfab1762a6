#ifndef LOWBIT_QUANT_METHODS_TWN_ROWS_H_
#define LOWBIT_QUANT_METHODS_TWN_ROWS_H_

#include "lowbit/quant/methods/twn/twn.h"
#include "lowbit/quant/row_quantizer.h"

namespace lowbit::quant::methods::twn {

// The method of spec.md, row by row.
class TwnRows : public RowQuantizer {
 public:
  explicit TwnRows(const Options& options);
  ValueSet Values() const override { return ValueSet::Ternary(); }
  // The layer's threshold; 0 for one threshold a row.
  double LayerStatistic(Span<const float> weights) const override;
  float QuantizeRow(Span<const float> row, double layer_statistic, float* levels) const override;
  // Null where the layer's mean is taken off first.
  const RowFormula* Formula() const override;

 private:
  Options options_;
  RowFormula formula_;
};

}  // namespace lowbit::quant::methods::twn

#endif  // LOWBIT_QUANT_METHODS_TWN_ROWS_H_
