#include "lowbit/train/schedule.h"

#include <algorithm>
#include <cmath>

namespace lowbit::train {
namespace {

constexpr double kPi = 3.14159265358979323846;

// From `from` at share 0 to `to` at share 1 along half a cosine.
double Glide(double from, double to, double share) {
  return to + (from - to) * (1 + std::cos(kPi * std::clamp(share, 0.0, 1.0))) / 2;
}

double OneCycle(const LearningRate& rate, double t) {
  const double top = rate.rise * static_cast<double>(rate.iterations);
  if (t < top) return Glide(rate.start, rate.peak, t / top);
  const double rest = static_cast<double>(rate.iterations) - top;
  return Glide(rate.peak, rate.final, rest > 0 ? (t - top) / rest : 1);
}

double PassedMilestones(const LearningRate& rate, double t) {
  const auto& milestones = rate.milestones;
  return static_cast<double>(std::upper_bound(milestones.begin(), milestones.end(), t) - milestones.begin());
}

const char* const kNames[] = {"constant", "step", "multistep", "cosine", "one_cycle"};

LearningRate::Kind KindOf(const std::string& name) {
  int kind = 0;
  while (name != kNames[kind]) ++kind;
  return static_cast<LearningRate::Kind>(kind);
}

double IterationsPerUnit(const std::string& unit, int64_t iterations, double iterations_per_epoch) {
  if (unit == "epoch") return iterations_per_epoch;
  return unit == "share" ? static_cast<double>(iterations) : 1.0;
}

}  // namespace

double LearningRate::At(int64_t t) const {
  if (kind == Kind::kOneCycle) return OneCycle(*this, static_cast<double>(t));
  if (t < warmup) {
    const double share = static_cast<double>(t + 1) / static_cast<double>(warmup + 1);
    return peak * (warmup_start + (1 - warmup_start) * share);
  }
  const double since = static_cast<double>(t - warmup);
  switch (kind) {
    case Kind::kStep:
      return peak * std::pow(factor, std::floor(since / every));
    case Kind::kMultiStep:
      return peak * std::pow(factor, PassedMilestones(*this, since));
    case Kind::kCosine:
      return Glide(peak, final, since / static_cast<double>(std::max<int64_t>(iterations - warmup, 1)));
    default:
      return peak;
  }
}

Result<LearningRate> ReadScheduleSection(const Config& section, int64_t iterations, double iterations_per_epoch) {
  constexpr double kMost = 1e12;
  ConfigReader reader(section, "schedule");
  LearningRate rate;
  rate.iterations = iterations;
  rate.kind = KindOf(reader.String("name", "constant", {std::begin(kNames), std::end(kNames)}));
  const double unit = IterationsPerUnit(reader.String("unit", "epoch", {"epoch", "iteration", "share"}), iterations,
                                        iterations_per_epoch);
  rate.peak = reader.Float("lr", rate.peak, 0, 1e6);
  rate.factor = reader.Float("factor", rate.factor, 0, 1e6);
  rate.every = reader.Float("every", 1, 0, kMost) * unit;
  if (rate.every <= 0) reader.Reject("every", "above 0");
  rate.milestones = reader.Floats("milestones", {}, 0, kMost);
  for (double& milestone : rate.milestones) milestone *= unit;
  if (!std::is_sorted(rate.milestones.begin(), rate.milestones.end())) reader.Reject("milestones", "ascending");
  rate.warmup = std::llround(std::min(reader.Float("warmup", 0, 0, kMost) * unit, kMost));
  rate.warmup_start = reader.Float("warmup_start", 0, 0, 1);
  rate.final = reader.Float("final", 0, 0, 1) * rate.peak;
  rate.start = reader.Float("start", 0.04, 0, 1) * rate.peak;
  rate.rise = reader.Float("rise", rate.rise, 0, 1);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return rate;
}

}  // namespace lowbit::train
