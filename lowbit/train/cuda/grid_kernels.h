#ifndef LOWBIT_TRAIN_CUDA_GRID_KERNELS_H_
#define LOWBIT_TRAIN_CUDA_GRID_KERNELS_H_

// The passes of train/grid_passes.h, which says what each computes, as kernels: one launch each.

#include <cmath>

#include "lowbit/quant/float_grid.h"
#include "lowbit/train/cuda/block.h"

namespace lowbit::train::cuda {

using quant::FloatGrid;
using quant::FloatLevels;

// y[i] = op(x[i])
template <typename Op>
struct Forward {
  Op op;
  int64_t count;
  const float* x;
  float* y;

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    ForEach(block, count, [this](int64_t i) { y[i] = op(x[i]); });
  }
};

// dx[i] = op(d[i], x[i])
template <typename Op>
struct Backward {
  Op op;
  int64_t count;
  const float *d, *x;
  float* dx;

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    ForEach(block, count, [this](int64_t i) { dx[i] = op(d[i], x[i]); });
  }
};

// A NaN becomes grid.low.
LOWBIT_DEVICE inline float Limited(const FloatGrid& grid, float scaled) {
  const float above = scaled > grid.low ? scaled : grid.low;
  return above < grid.high ? above : grid.high;
}

LOWBIT_DEVICE inline bool Inside(float x, float first, float last) { return x >= first && x <= last; }

struct Round {
  FloatGrid grid;
  LOWBIT_DEVICE float operator()(float x) const { return std::rint(Limited(grid, x * grid.inverse)) * grid.scale; }
};

struct Signs {
  float scale;
  LOWBIT_DEVICE float operator()(float x) const { return x >= 0 ? scale : -scale; }
};

struct TakeLevels {
  FloatLevels table;
  LOWBIT_DEVICE float operator()(float x) const {
    const float scaled = x * table.inverse;
    int64_t reached = 0;
    for (int64_t k = 1; k < table.count; ++k) reached += scaled >= table.thresholds[k - 1] ? 1 : 0;
    return table.levels[reached] * table.scale;
  }
};

struct Keep {
  float first, last;
  LOWBIT_DEVICE float operator()(float d, float x) const { return Inside(x, first, last) ? d : 0; }
};

struct Tent {
  float inverse;
  LOWBIT_DEVICE float operator()(float d, float x) const {
    const float slope = 2 - 2 * std::fabs(x * inverse);
    return d * (slope > 0 ? slope : 0);
  }
};

// GridPasses::learn; each block writes its part of the sum to sums[Blocks()].
struct Learn {
  FloatGrid grid;
  float first, last;  // grid.first(), grid.last()
  bool rounding;
  int64_t count;
  const float *d, *x;
  float* dx;
  double* sums;

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    double sum = 0;
    ForEach(block, count, [this, &sum](int64_t i) {
      const float scaled = x[i] * grid.inverse, limited = Limited(grid, scaled);
      const bool inside = Inside(x[i], first, last);
      const float within = rounding ? std::rint(limited) - scaled : 0;
      dx[i] = inside ? d[i] : 0;
      sum += static_cast<double>(d[i] * (inside ? within : limited));
    });
    sum = Sum(block, sum);
    if (block.rank() == 0) sums[block.index()] = sum;
  }
};

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_GRID_KERNELS_H_
