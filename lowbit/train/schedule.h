#ifndef LOWBIT_TRAIN_SCHEDULE_H_
#define LOWBIT_TRAIN_SCHEDULE_H_

#include <cstdint>
#include <vector>

namespace lowbit::train {

// The learning rate as a pure function of the iteration, so that a resumed run needs no state of it.
// All positions are in iterations, counted from the start of the stage (0 = the first step).
struct LearningRate {
  enum class Kind {
    kConstant,   // peak
    kStep,       // peak * factor^floor(t / every)
    kMultiStep,  // peak * factor^(number of milestones <= t)
    kCosine,     // final + (peak - final) * (1 + cos(pi * (t - warmup) / (iterations - warmup))) / 2
    kOneCycle,   // cosine from `start` up to `peak` at rise * iterations, then cosine down to `final`
  };
  Kind kind = Kind::kConstant;
  double peak = 0.1;
  double factor = 0.1;
  double every = 1;
  std::vector<double> milestones;  // Ascending.
  double rise = 0.3;
  double start = 0.004;
  double final = 0;
  // Linear warm-up: for t < warmup the rate is peak * (warmup_start + (1 - warmup_start) * (t + 1) / (warmup + 1)).
  // Not for kOneCycle, which has its own.
  int64_t warmup = 0;
  double warmup_start = 0;
  int64_t iterations = 1;  // Of the stage.

  // REQUIRES: t >= 0. Beyond `iterations` the cosines stay at `final`.
  double At(int64_t t) const;
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_SCHEDULE_H_
