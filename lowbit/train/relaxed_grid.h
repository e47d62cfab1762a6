#ifndef LOWBIT_TRAIN_RELAXED_GRID_H_
#define LOWBIT_TRAIN_RELAXED_GRID_H_

// A grid under logistic noise (methods/srq/semi_relaxed.h), as the plain numbers that kernels for GPUs take.

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

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_RELAXED_GRID_H_
