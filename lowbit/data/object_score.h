#ifndef LOWBIT_DATA_OBJECT_SCORE_H_
#define LOWBIT_DATA_OBJECT_SCORE_H_

// Scores of segmentations that tell objects apart, as the 2015 MICCAI Gland Segmentation Challenge measures them
// (Sirinukunwattana et al., "Gland segmentation in colon histology images", 2017).

#include <cstdint>
#include <vector>

#include "lowbit/base/span.h"

namespace lowbit::data {

// Which object each pixel belongs to: [height, width] of numbers, 0 where it belongs to none.
struct ObjectMap {
  int64_t height = 0, width = 0;
  std::vector<int32_t> objects;
};

// Of one picture; the challenge pools counts and weights over a part of its pictures, which the mean over pictures does not.
struct ObjectScore {
  double f1 = 0;
  double dice = 0;
  double hausdorff = 0;  // Pixels; infinite where one side has objects and the other none.
  int64_t true_positives = 0, false_positives = 0, false_negatives = 0;
};

// With S the answer's objects and G the truth's; the partner of an object is the one of the other side that it has most pixels in
// common with, the first by number of several. Pixels of the background are no partner, however many they are.
//   F1         an object of S is right if it covers more than half of its partner; false negatives are |G| - right ones
//   Dice       1/2 [sum_S w Dice(S_i, its partner) + sum_G w Dice(G_j, its partner)], weights by area, 0 without a partner
//   Hausdorff  the same sums of Hausdorff distances; without a partner the nearest object of the other side takes its place
// Both sides empty: 1, 1, 0. One of them: 0, 0, infinite. Cost: two distance transforms for each object that has a partner, for each
// pair of objects else. REQUIRES: equal extents
ObjectScore ScoreObjects(const ObjectMap& answer, const ObjectMap& truth);

// The connected parts (by sides, not by corners) of the pixels of class `k`, numbered from 1 in reading order.
// REQUIRES: classes.size() == height * width
ObjectMap ConnectedObjects(Span<const uint8_t> classes, int64_t height, int64_t width, uint8_t k);

// Squared distance of each pixel from the nearest one that belongs to `object`. Felzenszwalb & Huttenlocher, "Distance Transforms of
// Sampled Functions", 2012: exact, a few operations a pixel. REQUIRES: the object has a pixel.
std::vector<double> SquaredDistances(const ObjectMap& map, int32_t object);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_OBJECT_SCORE_H_
