#ifndef LOWBIT_RUNTIME_BYTES_H_
#define LOWBIT_RUNTIME_BYTES_H_

// Values of small integers, stored in one byte each: what quantized activations are between kernels.

#include <cstdint>

namespace lowbit::runtime {

// byte = integer + offset. The bytes that occur are 0, step, 2 step, ..., largest.
struct ByteFormat {
  int32_t offset = 0;
  int32_t largest = 255;
  int32_t step = 1;

  int Values() const { return largest / step + 1; }
};

// The integers of a LevelQuant: levels[k + 1] from thresholds[k] on.
struct ByteLevels {
  static constexpr int kMost = 16;
  int count = 0;
  float thresholds[kMost - 1] = {};
  float levels[kMost] = {};
};

// How a float becomes a byte, as Mul and Quant, BipolarQuant or LevelQuant of the integer form do it (docs/integers.md):
//
//   round(min(max(x * scale, low), high)) + shift, halves to even; or x >= 0 ? 2 : 0 for `bipolar`; or, if there are levels,
//   the one whose threshold x * scale has reached last, + shift
//
// with one rounding for the product. A NaN becomes low, the first level, or 0. REQUIRES: low and high are integers, and low + shift and
// high + shift lie in 0..255.
struct ByteQuantizer {
  bool bipolar = false;
  float scale = 1;
  float low = 0, high = 255;
  int32_t shift = 0;
  ByteLevels table;  // count 0: none.

  // The format of the result: the integers q - zero_point of Quant, or +-1.
  ByteFormat format;
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_BYTES_H_
