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

}  // namespace

double LearningRate::At(int64_t t) const {
  if (kind == Kind::kOneCycle) return OneCycle(*this, static_cast<double>(t));
  if (t < warmup) {
    const double share = static_cast<double>(t + 1) / static_cast<double>(warmup + 1);
    return peak * (warmup_start + (1 - warmup_start) * share);
  }
  const double now = static_cast<double>(t);
  switch (kind) {
    case Kind::kStep:
      return peak * std::pow(factor, std::floor(now / every));
    case Kind::kMultiStep:
      return peak * std::pow(factor, PassedMilestones(*this, now));
    case Kind::kCosine:
      return Glide(
          peak, final,
          (now - static_cast<double>(warmup)) / static_cast<double>(std::max<int64_t>(iterations - warmup, 1)));
    default:
      return peak;
  }
}

}  // namespace lowbit::train
