#include "lowbit/quant/methods/bwn/rows.h"

#include <cmath>

#include "lowbit/quant/levels.h"

namespace lowbit::quant::methods::bwn {

// At any scale the sign of a weight is the nearer of -1 and 1.
RowFormula MakeFormula() {
  RowFormula formula;
  formula.rule.statistic = ScaleRule::Statistic::kMeanAbs;
  formula.table = MakeLevelTable(Levels(ValueSet::Binary(), Levels::Ties::kAway));
  return formula;
}

float BwnRows::QuantizeRow(Span<const float> row, double /*layer_statistic*/, float* levels) const {
  const float* w = row.data();
  for (size_t j = 0; j < row.size(); ++j) levels[j] = w[j] >= 0 ? 1.0f : -1.0f;
  const double sum = LaneSum(row.size(), [w](size_t j) { return std::fabs(w[j]); });
  return static_cast<float>(sum / static_cast<double>(row.size()));
}

}  // namespace lowbit::quant::methods::bwn
