#ifndef LOWBIT_QUANT_METHODS_BWN_ROWS_H_
#define LOWBIT_QUANT_METHODS_BWN_ROWS_H_

#include "lowbit/quant/row_quantizer.h"

namespace lowbit::quant::methods::bwn {

RowFormula MakeFormula();

// The method of spec.md, row by row.
class BwnRows : public RowQuantizer {
 public:
  ValueSet Values() const override { return ValueSet::Binary(); }
  float QuantizeRow(Span<const float> row, double layer_statistic, float* levels) const override;
  const RowFormula* Formula() const override { return &formula_; }

 private:
  const RowFormula formula_ = MakeFormula();
};

}  // namespace lowbit::quant::methods::bwn

#endif  // LOWBIT_QUANT_METHODS_BWN_ROWS_H_
