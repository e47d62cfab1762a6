#include "lowbit/quant/methods/srq/logistic_grid.h"

#include <algorithm>
#include <cmath>

namespace lowbit::quant::methods::srq {

double Logistic(double u) { return u >= 0 ? 1 / (1 + std::exp(-u)) : std::exp(u) / (1 + std::exp(u)); }

double LogLogistic(double u) { return std::min(u, 0.0) - std::log1p(std::exp(-std::fabs(u))); }

namespace {

// log(1 - e^-width), and its derivative by width.
double LogMass(double width) { return std::log(-std::expm1(-width)); }
double LogMassSlope(double width) { return 1 / std::expm1(width); }

}  // namespace

int LogisticGrid::Code(double x) const {
  const double place = std::floor(x / step + 0.5);
  return static_cast<int>(std::clamp(place, static_cast<double>(low), static_cast<double>(high)));
}

// s(a) - s(c) = s(a) s(-c) (1 - e^-(a - c)), for one point and for the whole grid.
double LogisticGrid::LogProbability(int code, double x) const {
  const double width = step / noise;
  double of_a = LogLogistic(Above(code, x)), of_c = LogLogistic(-Below(code, x)), of_width = LogMass(width);
  if (normalized) {
    // Like from like: far outside, where both are large, they are the same bits.
    of_a -= LogLogistic(Above(high, x));
    of_c -= LogLogistic(-Below(low, x));
    of_width -= LogMass(Count() * width);
  }
  return of_a + of_c + of_width;
}

std::vector<double> LogisticGrid::Probabilities(double x) const {
  std::vector<double> probabilities;
  for (int code = low; code <= high; ++code) probabilities.push_back(std::exp(LogProbability(code, x)));
  return probabilities;
}

Slopes LogisticGrid::ProbabilitySlopes(int code, double x) const {
  Slopes slopes;
  // Adds sign * d [ls(a) + ls(-c) + log(1 - e^-width)] for the interval from point `first` to point `last`.
  const auto add = [&](int first, int last, double sign) {
    const double a = Above(last, x), c = Below(first, x), width = a - c;
    const double at_a = Logistic(-a), at_c = Logistic(c), mass = LogMassSlope(width);
    slopes.x += sign * (at_c - at_a) / noise;
    slopes.step += sign * (at_a * (last + 0.5) - at_c * (first - 0.5) + mass * (last - first + 1)) / noise;
    slopes.noise += sign * (at_c * c - at_a * a - mass * width) / noise;
  };
  add(code, code, 1);
  if (normalized) add(low, high, -1);
  const double probability = std::exp(LogProbability(code, x));
  return {probability * slopes.x, probability * slopes.step, probability * slopes.noise};
}

LogisticGrid SignedGrid(int bits, bool symmetric) {
  LogisticGrid grid;
  grid.high = (1 << (bits - 1)) - 1;
  grid.low = symmetric ? -grid.high : -grid.high - 1;
  return grid;
}

LogisticGrid UnsignedGrid(int bits) {
  LogisticGrid grid;
  grid.low = 0;
  grid.high = (1 << bits) - 1;
  return grid;
}

}  // namespace lowbit::quant::methods::srq
