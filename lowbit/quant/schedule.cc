#include "lowbit/quant/schedule.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lowbit::quant {
namespace {

constexpr double kPi = 3.14159265358979323846;

using Kind = Schedule::Kind;

struct KindName {
  const char* name;
  Kind kind;
};

constexpr KindName kKinds[] = {{"constant", Kind::kConstant},       {"steps", Kind::kSteps},
                               {"linear", Kind::kLinear},           {"cosine", Kind::kCosine},
                               {"exponential", Kind::kExponential}, {"staircase", Kind::kStaircase}};

Kind ReadKind(ConfigReader* reader) {
  std::vector<std::string> names;
  for (const KindName& entry : kKinds) names.emplace_back(entry.name);
  const std::string name = reader->String("kind", "constant", names);
  return std::find_if(std::begin(kKinds), std::end(kKinds), [&](const KindName& k) { return name == k.name; })->kind;
}

// The place of `progress` between begin and end: below 0 before, at least 1 after; no division by an empty span.
double Place(double progress, double begin, double end) {
  if (progress >= end) return 1;
  if (progress < begin) return -1;
  return (progress - begin) / (end - begin);
}

}  // namespace

Schedule::Schedule(Kind kind, double from, double to, double begin, double end, double halvings)
    : kind_(kind), from_(from), to_(to), begin_(begin), end_(end), halvings_(halvings) {
  LOWBIT_CHECK(0 <= begin && begin <= end && end <= 1 && halvings > 0);
}

Schedule Schedule::Steps(std::vector<double> values, double begin, double end) {
  LOWBIT_CHECK(!values.empty());
  Schedule schedule(Kind::kSteps, values.front(), values.back(), begin, end);
  schedule.values_ = std::move(values);
  return schedule;
}

double Schedule::At(double progress) const {
  const double t = Place(std::clamp(progress, 0.0, 1.0), begin_, end_);
  if (t >= 1) return to_;
  if (t < 0) return from_;
  switch (kind_) {
    case Kind::kConstant:
      return to_;
    case Kind::kSteps:
      return values_[static_cast<size_t>(t * static_cast<double>(values_.size() - 1))];
    case Kind::kLinear:
      return from_ + (to_ - from_) * t;
    case Kind::kCosine:
      return to_ + (from_ - to_) * (1 + std::cos(kPi * t)) / 2;
    case Kind::kExponential:
      return to_ - (to_ - from_) * std::exp2(-halvings_ * t);
    case Kind::kStaircase:
      return to_ - (to_ - from_) * std::exp2(-std::floor(halvings_ * t));
  }
  return to_;
}

Result<Schedule> ReadSchedule(const Config& config, const std::string& path, double min, double max) {
  ConfigReader reader(config, path);
  const Kind kind = ReadKind(&reader);
  if (kind == Kind::kConstant) {
    const double value = reader.Float("value", max, min, max);
    LOWBIT_RETURN_IF_ERROR(reader.Finish());
    return Schedule(value);
  }
  std::vector<double> values = {min, max};
  if (kind == Kind::kSteps) {
    values = reader.Floats("values", values, min, max);
    if (values.empty()) reader.Reject("values", "a list of at least one number"), values = {min};
  } else {
    values = {reader.Float("from", min, min, max), reader.Float("to", max, min, max)};
  }
  const double parts = static_cast<double>(values.size());
  const double begin = reader.Float("begin", 0, 0, 1);
  const double end = reader.Float("end", kind == Kind::kSteps ? begin + (1 - begin) * (1 - 1 / parts) : 1, 0, 1);
  if (begin > end) reader.Reject("begin", "at most 'end'");
  const bool halves = kind == Kind::kExponential || kind == Kind::kStaircase;
  const double halvings = halves ? reader.Float("halvings", 3, 1e-3, 60) : 3;
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  if (kind == Kind::kSteps) return Schedule::Steps(std::move(values), begin, end);
  return Schedule(kind, values[0], values[1], begin, end, halvings);
}

}  // namespace lowbit::quant
