#include "lowbit/train/grid_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/train/grid_passes.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::train::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Loads or stores at most a vector; beyond the end of an array only what is there.
class Part {
 public:
  Part(int64_t at, int64_t count) : at_(at), left_(static_cast<size_t>(count - at)), whole_(left_ >= hn::Lanes(D())) {}
  V Load(const float* from) const { return whole_ ? hn::LoadU(D(), from + at_) : LoadSome(from); }
  void Store(V value, float* to) const {
    if (whole_) {
      hn::StoreU(value, D(), to + at_);
    } else {
      alignas(64) float lanes[HWY_MAX_BYTES / sizeof(float)];
      hn::Store(value, D(), lanes);
      for (size_t i = 0; i < left_; ++i) to[at_ + static_cast<int64_t>(i)] = lanes[i];
    }
  }

 private:
  V LoadSome(const float* from) const {
    alignas(64) float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
    for (size_t i = 0; i < left_; ++i) lanes[i] = from[at_ + static_cast<int64_t>(i)];
    return hn::Load(D(), lanes);
  }

  int64_t at_;
  size_t left_;
  bool whole_;
};

template <typename Function>
void ForEachVector(int64_t count, Function function) {
  for (int64_t at = 0; at < count; at += static_cast<int64_t>(hn::Lanes(D()))) function(Part(at, count));
}

V Filled(float value) { return hn::Set(D(), value); }

V Scaled(float inverse, V x) { return hn::Mul(x, Filled(inverse)); }

// A NaN becomes `low`.
V Limited(const FloatGrid& grid, V scaled) {
  const V low = Filled(grid.low);
  return hn::Min(hn::IfThenElse(hn::Gt(scaled, low), scaled, low), Filled(grid.high));
}

hn::Mask<D> Inside(V x, float first, float last) { return hn::And(hn::Ge(x, Filled(first)), hn::Le(x, Filled(last))); }

void Round(const FloatGrid& grid, int64_t count, const float* x, float* y) {
  ForEachVector(count, [&](Part part) HWY_ATTR {
    const V limited = Limited(grid, Scaled(grid.inverse, part.Load(x)));
    part.Store(hn::Mul(hn::Round(limited), Filled(grid.scale)), y);
  });
}

void Signs(float scale, int64_t count, const float* x, float* y) {
  ForEachVector(count, [&](Part part) HWY_ATTR {
    part.Store(hn::IfThenElse(hn::Ge(part.Load(x), hn::Zero(D())), Filled(scale), Filled(-scale)), y);
  });
}

void Levels(const FloatLevels& table, int64_t count, const float* x, float* y) {
  ForEachVector(count, [&](Part part) HWY_ATTR {
    const V scaled = Scaled(table.inverse, part.Load(x));
    V level = Filled(table.levels[0]);
    for (int64_t k = 1; k < table.count; ++k) {
      level = hn::IfThenElse(hn::Ge(scaled, Filled(table.thresholds[k - 1])), Filled(table.levels[k]), level);
    }
    part.Store(hn::Mul(level, Filled(table.scale)), y);
  });
}

void Keep(float first, float last, int64_t count, const float* d, const float* x, float* dx) {
  ForEachVector(count, [&](Part part) HWY_ATTR {
    part.Store(hn::IfThenElseZero(Inside(part.Load(x), first, last), part.Load(d)), dx);
  });
}

float Learn(const FloatGrid& grid, bool rounding, int64_t count, const float* d, const float* x, float* dx) {
  V sum = hn::Zero(D());
  const float first = grid.first(), last = grid.last();
  ForEachVector(count, [&](Part part) HWY_ATTR {
    const V value = part.Load(x), gradient = part.Load(d);
    const V scaled = Scaled(grid.inverse, value), limited = Limited(grid, scaled);
    const auto inside = Inside(value, first, last);
    part.Store(hn::IfThenElseZero(inside, gradient), dx);
    const V within = rounding ? hn::Sub(hn::Round(limited), scaled) : hn::Zero(D());
    // The values behind an array's end have the gradient 0.
    sum = hn::Add(sum, hn::Mul(gradient, hn::IfThenElse(inside, within, limited)));
  });
  return hn::GetLane(hn::SumOfLanes(D(), sum));
}

void Tent(float inverse, int64_t count, const float* d, const float* x, float* dx) {
  const V two = Filled(2);
  ForEachVector(count, [&](Part part) HWY_ATTR {
    const V scaled = hn::Abs(Scaled(inverse, part.Load(x)));
    const V slope = hn::Max(hn::Sub(two, hn::Mul(two, scaled)), hn::Zero(D()));
    part.Store(hn::Mul(part.Load(d), slope), dx);
  });
}

const GridPasses* Passes() {
  static const GridPasses passes = {HWY_TARGET, &Round, &Signs, &Levels, &Keep, &Learn, &Tent};
  return &passes;
}

}  // namespace lowbit::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::train {

HWY_EXPORT(Passes);

const GridPasses& ChooseGridPasses() { return *HWY_DYNAMIC_DISPATCH(Passes)(); }

}  // namespace lowbit::train
#endif
