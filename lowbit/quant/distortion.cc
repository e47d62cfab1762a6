#include "lowbit/quant/distortion.h"

#include <cmath>
#include <limits>

namespace lowbit::quant {

double Distortion::RelativeL1() const { return l1_signal == 0 ? 0.0 : l1_error / l1_signal; }

double Distortion::SnrDb() const {
  if (squared_error == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(squared_signal / squared_error);
}

Distortion MeasureDistortion(Span<const float> original, Span<const float> quantized) {
  LOWBIT_CHECK(original.size() == quantized.size());
  Distortion d;
  d.count = static_cast<int64_t>(original.size());
  for (size_t i = 0; i < original.size(); ++i) {
    const double w = original[i], q = quantized[i];
    d.exact += w == q;
    d.sign_flips += (w < 0 && q > 0) || (w > 0 && q < 0);
    d.rounded_to_zero += w != 0 && q == 0;
    d.l1_signal += std::fabs(w);
    d.l1_error += std::fabs(w - q);
    d.squared_signal += w * w;
    d.squared_error += (w - q) * (w - q);
  }
  return d;
}

}  // namespace lowbit::quant
