#ifndef LOWBIT_TRAIN_GRID_PASSES_H_
#define LOWBIT_TRAIN_GRID_PASSES_H_

// What quantizers of activations do to each value, forward and backward, in one pass over memory with the widest vectors of
// this processor. No libtorch. The definitions are those of core (UniformGrid, LevelGrid), bit for bit; gradients are as
// lowerings/quantizers.cc and learned_grid.h say.

#include <cstdint>

#include "lowbit/quant/float_grid.h"

namespace lowbit::train {

using quant::FloatGrid;
using quant::FloatLevels;

// Each over `count` values; x, d (the gradient of y) and what is written do not overlap.
struct GridPasses {
  int64_t target;  // Of Highway.

  // y = scale * clamp(round(x * inverse), low, high), ties to even; a NaN is the lowest value.
  void (*round)(const FloatGrid& grid, int64_t count, const float* x, float* y);
  // y = scale where x >= 0, else -scale.
  void (*signs)(float scale, int64_t count, const float* x, float* y);
  // A NaN reaches no threshold.
  void (*levels)(const FloatLevels& table, int64_t count, const float* x, float* y);
  // dx = d where first <= x <= last, else 0.
  void (*keep)(float first, float last, int64_t count, const float* d, const float* x, float* dx);
  // dx as above within the grid's range. Returns sum d * (q beyond the range; within it q - x * inverse if `rounding`,
  // else 0), where q is the integer that x becomes; summed in float, so `count` should be some thousands at most.
  float (*learn)(const FloatGrid& grid, bool rounding, int64_t count, const float* d, const float* x, float* dx);
  // dx = d * max(0, 2 - 2 |x * inverse|)
  void (*tent)(float inverse, int64_t count, const float* d, const float* x, float* dx);
};

const GridPasses& ChooseGridPasses();

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_GRID_PASSES_H_
