#ifndef LOWBIT_QUANT_FLOAT_GRID_H_
#define LOWBIT_QUANT_FLOAT_GRID_H_

// The grids of quantized activations (core's UniformGrid and LevelGrid) as the floats that loops and kernels compute with.

#include <cstdint>
#include <limits>

namespace lowbit::quant {

// What is at least this is above 0.
constexpr float kLeastPositive = std::numeric_limits<float>::denorm_min();

// scale * q for the integers q in [low, high].
struct FloatGrid {
  float scale = 1, inverse = 1, low = 0, high = 1;
  // The values are those in front of a Relu that the grid does along: max(x, 0) lets no gradient through at 0. low is at least 0.
  bool takes_relu = false;

  FloatGrid(double step, double lowest, double highest)
      : scale(static_cast<float>(step)),
        inverse(static_cast<float>(1 / step)),
        low(static_cast<float>(lowest)),
        high(static_cast<float>(highest)) {}
  // The range in which the gradient goes straight through.
  float first() const { return takes_relu && low == 0 ? kLeastPositive : scale * low; }
  float last() const { return scale * high; }
};

// scale * levels[k], where k counts the thresholds that x * inverse reaches. Ascending, one more level than thresholds.
struct FloatLevels {
  float scale = 1, inverse = 1;
  const float* thresholds = nullptr;
  const float* levels = nullptr;
  int64_t count = 0;  // Of levels, at least 1.
};

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_FLOAT_GRID_H_
