#ifndef LOWBIT_QUANT_METHODS_SLB_TEMPERATURE_H_
#define LOWBIT_QUANT_METHODS_SLB_TEMPERATURE_H_

#include <cstdint>

#include "lowbit/base/config.h"

namespace lowbit::quant::methods::slb {

// Where training stands.
struct TrainingTime {
  double progress = 0;            // Of the run, in [0, 1].
  int64_t epoch = 1, epochs = 1;  // The current one, counted from 1, and how many the run has.
};

// The inverse temperature T of spec.md, section 2: it rises from `start` between the shares `from` and `until` of the run.
struct Temperature {
  enum class Kind {
    kExp,     // start * (end / start)^r, r in [0, 1] the place between `from` and `until`
    kLinear,  // start + (end - start) * r
    kSin,     // start + (end - start) * sin(pi r / 2)
    kFactor,  // start * factor^n, n the epochs since floor(from * epochs): changes once in an epoch
  };
  Kind kind = Kind::kExp;
  double start = 1, end = 1000;
  double factor = 1.04;
  double from = 0.3, until = 0.9;

  double At(const TrainingTime& time) const;
  // Whether the rise is over.
  bool Over(const TrainingTime& time) const;
};

// Keys `schedule` = exp | linear | sin | factor, `start`, `end` (all but factor), `factor` (factor only), `from`, `until`.
// Errors are the reader's: a start above the end, from above until, a key that the schedule does not use.
Temperature ReadTemperature(ConfigReader* reader);

}  // namespace lowbit::quant::methods::slb

#endif  // LOWBIT_QUANT_METHODS_SLB_TEMPERATURE_H_
