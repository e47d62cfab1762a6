#include "lowbit/quant/alignment.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace lowbit::quant {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kPi = 3.14159265358979323846;

// Integrals of p, x p and x^2 p.
struct Moments {
  double zeroth = 0, first = 0, second = 0;
};

Moments operator-(const Moments& a, const Moments& b) {
  return {a.zeroth - b.zeroth, a.first - b.first, a.second - b.second};
}

// From x >= 0 to infinity, of the two-sided density.
Moments NormalTail(double x) {
  if (x == kInfinity) return {};
  const double density = std::exp(-x * x / 2) / std::sqrt(2 * kPi);
  const double tail = std::erfc(x / std::sqrt(2.0)) / 2;
  return {tail, density, x * density + tail};
}

Moments LaplaceTail(double x) {
  if (x == kInfinity) return {};
  const double rate = std::sqrt(2.0), half = std::exp(-rate * x) / 2;
  return {half, half * (x + 1 / rate), half * (x * x + 2 * x / rate + 2 / (rate * rate))};
}

Moments UniformTail(double x) {
  const double end = std::sqrt(3.0), from = std::min(x, end), density = 1 / (2 * end);
  return {density * (end - from), density * (end * end - from * from) / 2,
          density * (end * end * end - from * from * from) / 3};
}

Moments Tail(double x, Density density) {
  switch (density) {
    case Density::kNormal:
    case Density::kHalfNormal:  // Twice the density on half of the axis.
      return NormalTail(x);
    case Density::kLaplace:
      return LaplaceTail(x);
    case Density::kUniform:
      return UniformTail(x);
  }
  return {};
}

// The least D between two scales, by golden section.
Alignment Refine(const std::vector<double>& levels, double low, double high, Density density) {
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  while (high - low > 1e-9 * high) {
    const double a = high - ratio * (high - low), b = low + ratio * (high - low);
    if (ExpectedDistortion(levels, a, density) < ExpectedDistortion(levels, b, density)) {
      high = b;
    } else {
      low = a;
    }
  }
  const double scale = (low + high) / 2;
  return {scale, ExpectedDistortion(levels, scale, density)};
}

}  // namespace

double MeanMagnitude(Density density) { return 2 * Tail(0, density).first; }

double ExpectedDistortion(const std::vector<double>& levels, double scale, Density density) {
  double sum = 0, from = 0;
  for (size_t i = 0; i < levels.size(); ++i) {
    const double to = i + 1 < levels.size() ? scale * (levels[i] + levels[i + 1]) / 2 : kInfinity;
    const Moments cell = Tail(from, density) - Tail(to, density);
    const double value = scale * levels[i];
    sum += cell.second - 2 * value * cell.first + value * value * cell.zeroth;
    from = to;
  }
  return 2 * sum;
}

Alignment Align(const std::vector<double>& levels, Density density) {
  constexpr int kOctaves = 6, kPerOctave = 32;
  const double step = std::exp2(1.0 / kPerOctave);
  double best = 1, least = kInfinity;
  for (int i = -kOctaves * kPerOctave; i <= kOctaves * kPerOctave; ++i) {
    const double scale = std::exp2(static_cast<double>(i) / kPerOctave) / levels.back();
    const double distortion = ExpectedDistortion(levels, scale, density);
    if (distortion < least) least = distortion, best = scale;
  }
  return Refine(levels, best / step, best * step, density);
}

}  // namespace lowbit::quant
