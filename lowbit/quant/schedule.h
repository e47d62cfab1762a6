#ifndef LOWBIT_QUANT_SCHEDULE_H_
#define LOWBIT_QUANT_SCHEDULE_H_

#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"

namespace lowbit::quant {

// A number that changes while a network trains (quantized share, temperature, bits): a pure function of training
// progress p in [0, 1]. With t = (p - begin) / (end - begin), values over 0 <= t < 1 are
//
//   constant     to
//   steps        the listed values but the last, over equal parts
//   linear       from + (to - from) * t
//   cosine       to + (from - to) * (1 + cos(pi t)) / 2
//   exponential  to - (to - from) * 2^-(halvings * t)
//   staircase    to - (to - from) * 2^-floor(halvings * t)
//
// `from` (or the first value) before `begin`, and exactly `to` (or the last value) from `end` on: so the last two end
// in a jump, and staircase from 0.5 to 1 with 3 halvings is 0.5, 0.75, 0.875, then 1.
class Schedule {
 public:
  enum class Kind { kConstant, kSteps, kLinear, kCosine, kExponential, kStaircase };

  // Constantly `value`.
  explicit Schedule(double value = 0) : from_(value), to_(value) {}
  // REQUIRES: kind is none of kConstant and kSteps; 0 <= begin <= end <= 1; halvings > 0
  Schedule(Kind kind, double from, double to, double begin, double end, double halvings = 3);
  // REQUIRES: values not empty; 0 <= begin <= end <= 1
  static Schedule Steps(std::vector<double> values, double begin, double end);

  // Progress outside [0, 1] counts as the nearer end.
  double At(double progress) const;

  Kind kind() const { return kind_; }
  // From which progress on the value is final.
  double end() const { return end_; }

 private:
  Kind kind_ = Kind::kConstant;
  double from_, to_;
  double begin_ = 0, end_ = 0;
  double halvings_ = 3;
  std::vector<double> values_;
};

// Reads a table: `kind` (the names above), and of `value` (constant), `values` (steps), `from`, `to`, `begin` (0), `end`,
// `halvings` (3) those that the kind uses. `end` is 1 by default, for steps such that all values last equally long.
// Every value must lie in min..max. `path` names the table in messages. Errors: as ConfigReader; begin above end.
Result<Schedule> ReadSchedule(const Config& config, const std::string& path, double min, double max);

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_SCHEDULE_H_
