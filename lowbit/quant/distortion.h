#ifndef LOWBIT_QUANT_DISTORTION_H_
#define LOWBIT_QUANT_DISTORTION_H_

#include <cstdint>

#include "lowbit/base/span.h"

namespace lowbit::quant {

// How far a quantized tensor is from the original; several measures, because one alone hides what happened.
struct Distortion {
  int64_t count = 0;
  int64_t exact = 0;            // q == w
  int64_t sign_flips = 0;       // q * w < 0
  int64_t rounded_to_zero = 0;  // w != 0 and q == 0
  double l1_signal = 0;         // sum |w|
  double l1_error = 0;          // sum |w - q|
  double squared_signal = 0;    // sum w^2
  double squared_error = 0;     // sum (w - q)^2

  // l1_error / l1_signal; 0 if the signal is 0 (stochastic quantization's "quantization error").
  double RelativeL1() const;
  // 10 log10(squared_signal / squared_error) in decibels; infinite if nothing is lost.
  double SnrDb() const;
};

// REQUIRES: equal sizes, finite values. Sums in double, in order.
Distortion MeasureDistortion(Span<const float> original, Span<const float> quantized);

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_DISTORTION_H_
