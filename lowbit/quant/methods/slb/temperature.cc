#include "lowbit/quant/methods/slb/temperature.h"

#include <algorithm>
#include <cmath>

#include "lowbit/quant/choice.h"

namespace lowbit::quant::methods::slb {
namespace {

constexpr double kHalfPi = 1.57079632679489661923;

// The last epoch of a share of the run: 0.6 of 100 is 60 although the nearest double of 0.6 * 100 may lie below.
int64_t LastEpoch(double share, int64_t epochs) {
  return static_cast<int64_t>(std::floor(share * static_cast<double>(epochs) + 1e-9));
}

double Place(const Temperature& temperature, double progress) {
  if (progress >= temperature.until) return 1;
  if (progress <= temperature.from) return 0;
  return (progress - temperature.from) / (temperature.until - temperature.from);
}

double ByEpoch(const Temperature& temperature, const TrainingTime& time) {
  const int64_t first = LastEpoch(temperature.from, time.epochs), last = LastEpoch(temperature.until, time.epochs);
  const int64_t steps = std::max<int64_t>(0, std::min(time.epoch, last) - first);
  return temperature.start * std::pow(temperature.factor, static_cast<double>(steps));
}

void RejectUnused(ConfigReader* reader, const char* key, const char* user) {
  if (reader->Has(key)) reader->Reject(key, std::string("left out: only ") + user + " uses it");
}

}  // namespace

double Temperature::At(const TrainingTime& time) const {
  const double r = Place(*this, time.progress);
  switch (kind) {
    case Kind::kExp:
      return start * std::pow(end / start, r);
    case Kind::kLinear:
      return start + (end - start) * r;
    case Kind::kSin:
      return start + (end - start) * std::sin(kHalfPi * r);
    case Kind::kFactor:
      return ByEpoch(*this, time);
  }
  return end;
}

bool Temperature::Over(const TrainingTime& time) const {
  return kind == Kind::kFactor ? time.epoch > LastEpoch(until, time.epochs) : time.progress >= until;
}

Temperature ReadTemperature(ConfigReader* reader) {
  using Kind = Temperature::Kind;
  Temperature t;
  t.kind = ReadEnum(reader, "schedule", t.kind, {"exp", "linear", "sin", "factor"});
  t.start = reader->Float("start", t.start, 1e-3, 1e9);
  t.end = reader->Float("end", t.end, 1e-3, 1e9);
  t.factor = reader->Float("factor", t.factor, 1, 10);
  t.from = reader->Float("from", t.from, 0, 1);
  t.until = reader->Float("until", t.until, 0, 1);
  if (t.kind == Kind::kFactor) {
    RejectUnused(reader, "end", "the other schedules");
  } else {
    RejectUnused(reader, "factor", "the schedule 'factor'");
    if (t.start > t.end) reader->Reject("end", "at least 'start'");
  }
  if (t.from > t.until) reader->Reject("until", "at least 'from'");
  return t;
}

}  // namespace lowbit::quant::methods::slb
