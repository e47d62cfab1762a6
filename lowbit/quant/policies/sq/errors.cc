#include "lowbit/quant/policies/sq/errors.h"

#include <cmath>

namespace lowbit::quant::sq {
namespace {

double RelativeError(Span<const float> weights, Span<const float> quantized) {
  double error = 0, norm = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double w = weights[i];
    error += std::fabs(w - static_cast<double>(quantized[i]));
    norm += std::fabs(w);
  }
  return norm == 0 ? 0.0 : error / norm;
}

}  // namespace

void QuantizationErrors(Span<const float> weights, Span<const float> quantized, int64_t rows, Unit unit,
                        Span<double> errors) {
  LOWBIT_CHECK(rows > 0 && weights.size() == quantized.size() && weights.size() % static_cast<size_t>(rows) == 0);
  const size_t length = unit == Unit::kElement ? 1 : weights.size() / static_cast<size_t>(rows);
  LOWBIT_CHECK(errors.size() * length == weights.size());
  for (size_t i = 0; i < errors.size(); ++i) {
    errors[i] = RelativeError(weights.subspan(i * length, length), quantized.subspan(i * length, length));
  }
}

}  // namespace lowbit::quant::sq
