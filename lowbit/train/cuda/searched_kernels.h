#ifndef LOWBIT_TRAIN_CUDA_SEARCHED_KERNELS_H_
#define LOWBIT_TRAIN_CUDA_SEARCHED_KERNELS_H_

// Weights searched among their values (train/methods/slb/expectation.h, which says what each computes), as kernels: a block for
// each row of a row-major matrix [rows, columns] of weights.

#include <cmath>

#include "lowbit/train/cuda/block.h"

namespace lowbit::train::cuda {

// What both passes read. Logit k of weight i is logits[k * rows * columns + i].
struct SearchedWeights {
  const float *logits, *values;  // [options, rows * columns], [options]
  int64_t options, rows, columns;
  float temperature, unit;
  const float* scales;  // [rows] or, with one_scale, [1]
  bool one_scale;

  LOWBIT_DEVICE float ScaleOfRow(int64_t row) const { return scales[one_scale ? 0 : row] * unit; }
  LOWBIT_DEVICE float Logit(int64_t k, int64_t i) const { return logits[k * rows * columns + i]; }

  // Of a NaN nothing is said: its power is one, and so is the mean.
  LOWBIT_DEVICE float LargestLogit(int64_t i) const {
    float largest = Logit(0, i);
    for (int64_t k = 1; k < options; ++k) {
      const float logit = Logit(k, i);
      largest = logit > largest ? logit : largest;
    }
    return largest;
  }
  // What the softmax has above the line; the largest logit is subtracted first.
  LOWBIT_DEVICE float Power(int64_t k, int64_t i, float largest) const {
    return std::exp((Logit(k, i) - largest) * temperature);
  }
};

// The mean value of a weight, and the softmax's sum.
struct Mean {
  float largest, sum, value;

  LOWBIT_DEVICE Mean(const SearchedWeights& of, int64_t i) : largest(of.LargestLogit(i)), sum(0), value(0) {
    for (int64_t k = 0; k < of.options; ++k) {
      const float power = of.Power(k, i, largest);
      sum += power;
      value += power * of.values[k];
    }
    value /= sum;
  }
};

// scale * mean value
struct Expect {
  SearchedWeights of;
  float* result;  // [rows, columns]

  int64_t Blocks() const { return of.rows; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const float scale = of.ScaleOfRow(block.index());
    for (int64_t j = block.rank(); j < of.columns; j += block.size()) {
      const int64_t i = block.index() * of.columns + j;
      result[i] = Mean(of, i).value * scale;
    }
  }
};

// The gradients of that, d being its own: dL/dlogits, and of each row dL/dscale.
struct ExpectBackward {
  SearchedWeights of;
  const float* d;     // [rows, columns]
  float* of_logits;   // [options, rows * columns]
  double* of_scales;  // [rows]

  int64_t Blocks() const { return of.rows; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const int64_t start = block.index() * of.columns;
    const float scale = of.ScaleOfRow(block.index());
    const double sum = SumOf(block, of.columns, [this, scale, start](int64_t j) {
      const int64_t i = start + j;
      const Mean mean(of, i);
      const float factor = d[i] * scale / mean.sum * of.temperature;
      for (int64_t k = 0; k < of.options; ++k) {
        of_logits[k * of.rows * of.columns + i] = (of.values[k] - mean.value) * of.Power(k, i, mean.largest) * factor;
      }
      return d[i] * mean.value;
    });
    if (block.rank() == 0) of_scales[block.index()] = sum * static_cast<double>(of.unit);
  }
};

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_SEARCHED_KERNELS_H_
