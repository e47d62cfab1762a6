#ifndef LOWBIT_TRAIN_CUDA_TERNARY_KERNELS_H_
#define LOWBIT_TRAIN_CUDA_TERNARY_KERNELS_H_

// Ternary weights with a trained scale for either sign (train/methods/ttq), as kernels.

#include <cmath>

#include "lowbit/train/cuda/block.h"

namespace lowbit::train::cuda {

// -scales[1], 0 or scales[0] by the sign, which is -1, 0 or 1.
struct ChooseScale {
  const float *signs, *scales;
  int64_t count;
  float* values;

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const float positive = scales[0], negative = scales[1];
    ForEach(block, count, [this, positive, negative](int64_t i) {
      values[i] = signs[i] > 0 ? positive : signs[i] < 0 ? -negative : 0;
    });
  }
};

// dL/dw = d times the scale that the weight has, or d where it has none; and each block's part of dL/dscales.
struct ChooseScaleBackward {
  const float *d, *signs, *scales;
  int64_t count;
  float* dw;
  double* sums;  // [2, Blocks()]

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const float positive = scales[0], negative = scales[1];
    double of_positive = 0, of_negative = 0;
    ForEach(block, count, [&, this](int64_t i) {
      const float sign = signs[i];
      dw[i] = sign > 0 ? d[i] * positive : sign < 0 ? d[i] * negative : d[i];
      of_positive += sign > 0 ? d[i] : 0;
      of_negative -= sign < 0 ? d[i] : 0;
    });
    of_positive = Sum(block, of_positive);
    of_negative = Sum(block, of_negative);
    if (block.rank() != 0) return;
    sums[block.index()] = of_positive;
    sums[block.count() + block.index()] = of_negative;
  }
};

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_TERNARY_KERNELS_H_
