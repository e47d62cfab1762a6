#ifndef LOWBIT_TRAIN_AVERAGES_H_
#define LOWBIT_TRAIN_AVERAGES_H_

#include <cstdint>

namespace lowbit::train {

// Sums over images. Part of a checkpoint, so that a resumed run logs the same numbers.
struct Averages {
  double loss_sum = 0;
  double score_sum = 0;  // See core/measure.h. 0 where nobody looked.
  int64_t images = 0;

  void Add(double mean_loss, double score, int64_t count) {
    loss_sum += mean_loss * static_cast<double>(count);
    score_sum += score;
    images += count;
  }
  double loss() const { return images > 0 ? loss_sum / static_cast<double>(images) : 0; }
  double score() const { return images > 0 ? score_sum / static_cast<double>(images) : 0; }
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_AVERAGES_H_
