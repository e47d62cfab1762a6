#ifndef LOWBIT_TRAIN_CUDA_RELAXED_LAYER_KERNELS_H_
#define LOWBIT_TRAIN_CUDA_RELAXED_LAYER_KERNELS_H_

// The few numbers that SRQ and DropBits train of a layer, step, noise and gates (train/methods/srq/step_and_noise.cc, bit_masks.cc):
// what a dozen operations on tensors of one number would be, as one block.

#include <cmath>

#include "lowbit/train/cuda/block.h"
#include "lowbit/train/cuda/relaxed_grid.h"

namespace lowbit::train::cuda {

// Step and noise; with `clamp` log_noise is brought within its bounds first.
struct ScaleForward {
  float noise_start, least, most;  // Bounds of log_noise - log_step.
  bool clamp;
  const float *start, *log_step;
  float *log_noise, *step, *noise;

  int64_t Blocks() const { return 1; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    if (block.rank() != 0) return;
    if (clamp) {
      const float low = *log_step + least, high = *log_step + most;
      if (*log_noise < low) *log_noise = low;
      if (*log_noise > high) *log_noise = high;
    }
    *step = *start * std::exp(*log_step);
    *noise = *start * noise_start * std::exp(*log_noise);
  }
};

// dlog[0] and dlog[1]: the gradients of log_step and log_noise.
struct ScaleBackward {
  float factor;
  const float *step, *noise, *d_step, *d_noise;
  float* dlog;

  int64_t Blocks() const { return 1; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    if (block.rank() != 0) return;
    dlog[0] = *d_step * *step * factor;
    dlog[1] = *d_noise * *noise * factor;
  }
};

LOWBIT_DEVICE inline double Logistic(double x) {
  const double small = std::exp(-std::fabs(x));
  return (x < 0 ? small : 1) / (1 + small);
}

// Logits within their bounds, and the masks; what GateBackward wants of each gate in gates and slopes.
struct DrawGates {
  GatePlan plan;
  float *logits, *masks, *gates, *slopes;  // [plan.groups]

  int64_t Blocks() const { return 1; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    for (int g = block.rank(); g < plan.groups; g += block.size()) {
      if (logits[g] < -plan.bound) logits[g] = -plan.bound;
      if (logits[g] > plan.bound) logits[g] = plan.bound;
      const double t = Logistic((plan.noise[g] + static_cast<double>(logits[g])) / plan.beta);
      const double stretch = plan.zeta - plan.gamma, stretched = plan.gamma + stretch * t;
      const bool inside = stretched > 0 && stretched < 1;
      const double gate = stretched < 0 ? 0 : stretched > 1 ? 1 : stretched;
      gates[g] = plan.dropped[g] ? 0 : static_cast<float>(gate);
      slopes[g] = plan.dropped[g] || !inside ? 0 : static_cast<float>(stretch * t * (1 - t) / plan.beta);
    }
    block.Sync();
    if (block.rank() != 0) return;
    float product = 1;
    for (int g = 0; g < plan.groups; ++g) {
      product = plan.nested ? product * gates[g] : gates[g];
      masks[g] = product;
    }
  }
};

// The gradients of the logits from those of the masks, d.
struct GateBackward {
  bool nested;
  int groups;
  const float *gates, *slopes, *d;
  float* dlogits;

  int64_t Blocks() const { return 1; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    for (int g = block.rank(); g < groups; g += block.size()) {
      float product = 1;  // Of the other gates up to k.
      for (int k = 0; nested && k < g; ++k) product *= gates[k];
      float sum = d[g] * product;
      for (int k = g + 1; nested && k < groups; ++k) {
        product *= gates[k];
        sum += d[k] * product;
      }
      dlogits[g] = sum * slopes[g];
    }
  }
};

// price[0] = factor * sum P(Z != 0) over the gates that are not dropped for good, and its slopes.
struct PriceGates {
  GatePlan plan;
  double factor;
  const float* logits;
  float *price, *slopes;  // [1], [plan.groups]

  int64_t Blocks() const { return 1; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const double sum = SumOf(block, plan.groups, [this](int64_t g) {
      const double p = plan.dropped[g] ? 0 : Logistic(static_cast<double>(logits[g]) - plan.shift);
      slopes[g] = static_cast<float>(factor * p * (1 - p));
      return p;
    });
    if (block.rank() == 0) price[0] = static_cast<float>(factor * sum);
  }
};

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_RELAXED_LAYER_KERNELS_H_
