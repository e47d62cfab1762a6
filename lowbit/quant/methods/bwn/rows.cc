#include "lowbit/quant/methods/bwn/rows.h"

#include <cmath>

namespace lowbit::quant::methods::bwn {

float BwnRows::QuantizeRow(Span<const float> row, double /*layer_statistic*/, float* levels) const {
  const float* w = row.data();
  for (size_t j = 0; j < row.size(); ++j) levels[j] = w[j] >= 0 ? 1.0f : -1.0f;
  const double sum = LaneSum(row.size(), [w](size_t j) { return std::fabs(w[j]); });
  return static_cast<float>(sum / static_cast<double>(row.size()));
}

}  // namespace lowbit::quant::methods::bwn
