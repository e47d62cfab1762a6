#ifndef LOWBIT_DATA_CONFUSION_MATRIX_H_
#define LOWBIT_DATA_CONFUSION_MATRIX_H_

#include <cstdint>
#include <vector>

#include "lowbit/base/span.h"

namespace lowbit::data {

// How many pixels of each class were given which class, over any number of pictures: scores of segmentation pool them, as
// Pascal VOC does, so that each pixel counts the same. Pixels whose truth is kNoClass (segmentation.h) do not count.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int64_t classes) : classes_(classes), counts_(static_cast<size_t>(classes * classes)) {}

  // REQUIRES: equal sizes; classes below the matrix's, or kNoClass in `truth`.
  void Add(Span<const uint8_t> answer, Span<const uint8_t> truth);

  int64_t classes() const { return classes_; }
  // [truth, answer], row-major; who adds up several matrices may change them.
  std::vector<int64_t>& counts() { return counts_; }
  int64_t total() const;

  // Share of the pixels that have their class. 1 of none.
  double PixelAccuracy() const;
  // Pixels that have class k in truth and answer, of those that have it in either. NaN where none has.
  double IntersectionOverUnion(int64_t k) const;
  // Mean over the classes that answer or truth have. 1 if there are none.
  double MeanIntersectionOverUnion() const;

 private:
  int64_t At(int64_t truth, int64_t answer) const { return counts_[static_cast<size_t>(truth * classes_ + answer)]; }

  int64_t classes_;
  std::vector<int64_t> counts_;
};

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_CONFUSION_MATRIX_H_
