#ifndef LOWBIT_QUANT_METHODS_SRQ_HARD_CONCRETE_H_
#define LOWBIT_QUANT_METHODS_SRQ_HARD_CONCRETE_H_

namespace lowbit::quant::methods::srq {

// The hard concrete distribution on [0, 1], with mass at both ends (Louizos, Welling, Kingma 2018): a random gate of one
// trained number, logit = log(keep / (1 - keep)).
//   t = logistic((log u - log(1 - u) + logit) / beta),   Z = min(1, max(0, gamma + (zeta - gamma) t)),   u uniform
struct HardConcrete {
  static constexpr double kBeta = 2. / 3, kGamma = -0.1, kZeta = 1.1;
  // u is kept this far from 0 and 1, the logit within +- log 100.
  static constexpr double kEdge = 1e-6, kLogitBound = 4.605170185988091;

  // log u - log(1 - u)
  static double Noise(double u);
  // P(Z != 0) = logistic(logit - this).
  static double Shift();
  // Z, and dZ / dlogit (0 where Z is 0 or 1).
  static double Sample(double logit, double u);
  static double SampleSlope(double logit, double u);
  // The gate in evaluation: Sample's formula without noise and beta. 0 if and only if keep <= 1/12, 1 iff keep >= 11/12.
  static double Gate(double logit);
  // The probabilities of Z != 0 and of Z = 1.
  static double ProbabilityNonzero(double logit);
  static double ProbabilityOne(double logit);
};

}  // namespace lowbit::quant::methods::srq

#endif  // LOWBIT_QUANT_METHODS_SRQ_HARD_CONCRETE_H_
