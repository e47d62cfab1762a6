#ifndef LOWBIT_CORE_UNIFORM_GRID_H_
#define LOWBIT_CORE_UNIFORM_GRID_H_

// The grid of the operator Quant, for its shape rule, its evaluation and whoever turns it into integer arithmetic.

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

// Values scale * (q - zero_point) of the integers q in [low, high].
struct UniformGrid {
  double scale = 1;
  double zero_point = 0;
  double low = 0, high = 0;

  // round(x / scale) + zero_point, halves to even (before the zero point is added, as in ONNX's QuantizeLinear; QONNX
  // adds it first, which differs at exact halves where it is odd), limited to [low, high]; low for a NaN.
  double Nearest(double x) const;
};

// 24 bits are what a float32 counts exactly.
inline constexpr int kMaxGridBits = 24;

// Of the node's attributes `signed` and `narrow`, as QONNX defines them:
//   signed:   [-2^(b-1), 2^(b-1) - 1];  narrow: from -2^(b-1) + 1, so that it is symmetric
//   unsigned: [0, 2^b - 1];             narrow: to 2^b - 2
// Error: scale not positive and finite; zero point no integer, or beyond +-2^24; bits no integer in 1..24 (signed: 2..24).
Result<UniformGrid> MakeUniformGrid(const Node& node, double scale, double zero_point, double bits);

}  // namespace lowbit

#endif  // LOWBIT_CORE_UNIFORM_GRID_H_
