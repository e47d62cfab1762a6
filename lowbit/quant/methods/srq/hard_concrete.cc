#include "lowbit/quant/methods/srq/hard_concrete.h"

#include <algorithm>
#include <cmath>

#include "lowbit/quant/methods/srq/logistic_grid.h"

namespace lowbit::quant::methods::srq {
namespace {

constexpr double kStretch = HardConcrete::kZeta - HardConcrete::kGamma;

double Concrete(double logit, double u) { return Logistic((HardConcrete::Noise(u) + logit) / HardConcrete::kBeta); }

double Stretched(double t) { return HardConcrete::kGamma + kStretch * t; }

double Clamped(double stretched) { return std::clamp(stretched, 0.0, 1.0); }

}  // namespace

double HardConcrete::Noise(double u) {
  const double v = std::clamp(u, kEdge, 1 - kEdge);
  return std::log(v) - std::log1p(-v);
}

// -gamma / zeta: the odds at which a stretched value is 0.
double HardConcrete::Shift() { return kBeta * std::log(-kGamma / kZeta); }

double HardConcrete::Sample(double logit, double u) { return Clamped(Stretched(Concrete(logit, u))); }

double HardConcrete::SampleSlope(double logit, double u) {
  const double t = Concrete(logit, u), stretched = Stretched(t);
  return stretched > 0 && stretched < 1 ? kStretch * t * (1 - t) / kBeta : 0;
}

double HardConcrete::Gate(double logit) { return Clamped(Stretched(Logistic(logit))); }

double HardConcrete::ProbabilityNonzero(double logit) { return Logistic(logit - Shift()); }

// Stretched to 1 where t = (1 - gamma) / (zeta - gamma): the distribution is symmetric about it and the point of 0.
double HardConcrete::ProbabilityOne(double logit) { return Logistic(logit + Shift()); }

}  // namespace lowbit::quant::methods::srq
