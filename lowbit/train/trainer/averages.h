#ifndef LOWBIT_TRAIN_TRAINER_AVERAGES_H_
#define LOWBIT_TRAIN_TRAINER_AVERAGES_H_

#include <cstdint>

namespace lowbit::train {

// Sums over images. Part of a checkpoint, so that a resumed run logs the same numbers.
struct Averages {
  double loss_sum = 0;
  int64_t correct = 0;
  int64_t images = 0;

  void Add(double mean_loss, int64_t right, int64_t count) {
    loss_sum += mean_loss * static_cast<double>(count);
    correct += right;
    images += count;
  }
  double loss() const { return images > 0 ? loss_sum / static_cast<double>(images) : 0; }
  double accuracy() const { return images > 0 ? static_cast<double>(correct) / static_cast<double>(images) : 0; }
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_AVERAGES_H_
