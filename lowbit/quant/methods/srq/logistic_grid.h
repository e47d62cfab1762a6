#ifndef LOWBIT_QUANT_METHODS_SRQ_LOGISTIC_GRID_H_
#define LOWBIT_QUANT_METHODS_SRQ_LOGISTIC_GRID_H_

#include <vector>

namespace lowbit::quant::methods::srq {

// 1 / (1 + e^-u), and its logarithm without overflow.
double Logistic(double u);
double LogLogistic(double u);

// What a probability changes by; spec.md, section 2.
struct Slopes {
  double x = 0, step = 0, noise = 0;
};

// The grid points step * n, low <= n <= high, and how likely each is once logistic noise of scale `noise` was added to a
// value x: the noise's mass within half a step of the point, of all that lies within half a step of the grid (`normalized`)
// or of all. In logarithms throughout: no value of x, however far outside or however small the noise, loses the ratio of
// two points. (pi / sqrt 3 times `noise` is the noise's standard deviation.)
struct LogisticGrid {
  int low = -2, high = 1;
  double step = 1, noise = 1. / 3;
  bool normalized = true;

  int Count() const { return high - low + 1; }
  // The likeliest point: clamp(floor(x / step + 1/2), low, high). A tie goes up.
  int Code(double x) const;
  double LogProbability(int code, double x) const;
  // Of all points from low on. They add up to 1 if normalized.
  std::vector<double> Probabilities(double x) const;
  // d probability(code) by x, step (which moves the point too) and noise.
  Slopes ProbabilitySlopes(int code, double x) const;

 private:
  // (bound - x) / noise of the interval's ends.
  double Above(int code, double x) const { return ((code + 0.5) * step - x) / noise; }
  double Below(int code, double x) const { return ((code - 0.5) * step - x) / noise; }
};

// The unsigned grid 0 .. 2^bits - 1, or the signed one -2^(bits-1) .. 2^(bits-1) - 1, `symmetric` without its lowest point.
LogisticGrid SignedGrid(int bits, bool symmetric = false);
LogisticGrid UnsignedGrid(int bits);

}  // namespace lowbit::quant::methods::srq

#endif  // LOWBIT_QUANT_METHODS_SRQ_LOGISTIC_GRID_H_
