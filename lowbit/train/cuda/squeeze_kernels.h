#ifndef LOWBIT_TRAIN_CUDA_SQUEEZE_KERNELS_H_
#define LOWBIT_TRAIN_CUDA_SQUEEZE_KERNELS_H_

// DoReFa's squeezed weights tanh(w) / T, T the largest |tanh(w)| of the layer (train/methods/dorefa), as kernels. T is 1 where all
// weights are 0.

#include <cmath>

#include "lowbit/train/cuda/block.h"

namespace lowbit::train::cuda {

// Each block's largest |tanh(w)|, NaN if a weight is.
struct MeasureSqueezed {
  const float* weights;
  int64_t count;
  double* largest;  // [Blocks()]

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const auto larger = [](double a, double b) { return a > b || a != a ? a : b; };
    double found = 0;
    ForEach(block, count,
            [this, &found, larger](int64_t i) { found = larger(found, std::fabs(std::tanh(weights[i]))); });
    found = Combined(block, found, larger);
    if (block.rank() == 0) largest[block.index()] = found;
  }
};

// T from what MeasureSqueezed's blocks found.
template <typename Block>
LOWBIT_DEVICE float LargestSqueezed(Block& block, const double* largest, int64_t parts) {
  const auto found = static_cast<float>(LargestOf(block, parts, [largest](int64_t i) { return largest[i]; }));
  return found == 0 ? 1 : found;
}

struct Squeeze {
  const float* weights;
  int64_t count;
  const double* largest;  // [Blocks()], of MeasureSqueezed
  float* squeezed;

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const float all = LargestSqueezed(block, largest, block.count());
    ForEach(block, count, [this, all](int64_t i) { squeezed[i] = std::tanh(weights[i]) / all; });
  }
};

// What the gradient of T consists of: each block's sum of d tanh(w), d being the gradient of the squeezed weights, and how many of
// its weights are T's.
struct MeasureSqueezedBackward {
  const float *weights, *d;
  int64_t count;
  const double* largest;
  double* sums;  // [2, Blocks()]

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const float all = LargestSqueezed(block, largest, block.count());
    double sum = 0, ties = 0;
    ForEach(block, count, [this, all, &sum, &ties](int64_t i) {
      const float squeezed = std::tanh(weights[i]);
      sum += static_cast<double>(d[i] * squeezed);
      ties += std::fabs(squeezed) == all ? 1 : 0;
    });
    sum = Sum(block, sum);
    ties = Sum(block, ties);
    if (block.rank() != 0) return;
    sums[block.index()] = sum;
    sums[block.count() + block.index()] = ties;
  }
};

// dL/dw = (1 - tanh(w)^2) (d / T - [|tanh(w)| = T] sign(w) sum(d tanh(w)) / T^2 / ties)
struct SqueezeBackward {
  const float *weights, *d;
  int64_t count;
  const double *largest, *sums;
  float* dw;

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const int64_t parts = block.count();
    const float all = LargestSqueezed(block, largest, parts);
    const double sum = SumOf(block, parts, [this](int64_t i) { return sums[i]; });
    const double ties = SumOf(block, parts, [this, parts](int64_t i) { return sums[parts + i]; });
    const auto of_largest = static_cast<float>(sum / (static_cast<double>(all) * all * (ties > 0 ? ties : 1)));
    ForEach(block, count, [this, all, of_largest](int64_t i) {
      const float squeezed = std::tanh(weights[i]), slope = 1 - squeezed * squeezed;
      const float away = std::fabs(squeezed) == all ? (squeezed > 0 ? of_largest : -of_largest) : 0;
      dw[i] = slope * (d[i] / all - away);
    });
  }
};

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_SQUEEZE_KERNELS_H_
