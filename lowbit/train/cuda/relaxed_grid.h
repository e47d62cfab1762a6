#ifndef LOWBIT_TRAIN_CUDA_RELAXED_GRID_H_
#define LOWBIT_TRAIN_CUDA_RELAXED_GRID_H_

// A grid under logistic noise (methods/srq/semi_relaxed.h), its step and noise and the gates of its points, as the plain numbers
// that kernels for GPUs take.

#include <cstdint>

namespace lowbit::train {

struct RelaxedGrid {
  static constexpr int kMostPoints = 256, kMostGroups = 127;

  int low = 0, high = 0;     // The points, at most kMostPoints.
  bool full_vector = false;  // Which surrogate gradient.
  bool normalized = true;
  int groups = 0;  // Masks; 0: none.
  // Of points low .. high: whose mask they have, or -1 for none. Unread without masks.
  int8_t group_of[kMostPoints] = {};
};

// What is likelier than the winner by more than this factor is taken to be just so much likelier: its mask is 0 (or below any that
// is drawn), and the gradient of that mask, a sum of such factors over points and weights, has to stay a float. e^40.
constexpr double kLargestLog = 40;
constexpr float kLargestRatio = 2.3538527e17f;

// step = start * exp(log_step), noise = start * noise_start * exp(log_noise).
struct ScalePlan {
  double noise_start = 1;
  double least = 0, most = 0;  // Bounds of log_noise - log_step.
  double gradient_factor = 1;  // Of the gradients of both logarithms.
};

// Hard concrete gates of a layer (quant/methods/srq/hard_concrete.h):
//   t = logistic((noise + logit) / beta),   Z = min(1, max(0, gamma + (zeta - gamma) t))
struct GatePlan {
  double beta = 1, gamma = 0, zeta = 1;
  float bound = 0;      // Logits are kept within +- this.
  double shift = 0;     // P(Z != 0) = logistic(logit - shift)
  bool nested = false;  // A mask is the product of the gates up to its own.
  int groups = 0;
  double noise[RelaxedGrid::kMostGroups] = {};
  bool dropped[RelaxedGrid::kMostGroups] = {};  // For good: Z = 0.
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_CUDA_RELAXED_GRID_H_
