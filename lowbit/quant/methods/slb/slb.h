#ifndef LOWBIT_QUANT_METHODS_SLB_SLB_H_
#define LOWBIT_QUANT_METHODS_SLB_SLB_H_

#include <vector>

#include "lowbit/quant/methods/slb/temperature.h"
#include "lowbit/quant/quantizer.h"

namespace lowbit::quant::methods::slb {

struct Options {
  enum class Init { kRandom, kWeights };
  enum class Scale { kNone, kChannel };
  int bits = 1;  // 1..4
  Temperature temperature;
  bool hard = true;            // After the rise the most probable values are trained with, and the logits are not.
  bool learn_values = false;   // The discrete values are trained too.
  Scale scale = Scale::kNone;  // kChannel: a trained factor for each row, in both states.
  Init init = Init::kRandom;
  double kappa = 2;       // kWeights: how sharply the start prefers the nearest value.
  double logit_rate = 1;  // Learning rate and weight decay of the logits, as multiples of the weight's.
  double logit_decay = 1;
};

// The keys of spec.md. For the trained side too.
Result<Options> ReadOptions(const Config& config);

// The discrete values as integers: V = Levels(bits) * LevelScale(bits) = -1 .. 1 in 2^bits equal steps, without a 0.
std::vector<double> Levels(int bits);
double LevelScale(int bits);
// The same for a QTensor: binary for 1 bit, else a table of the integers.
ValueSet LevelSet(int bits);

// p_k = exp(T (A_k - max A)) / sum; the maximum is subtracted first, so that a large T loses no digits.
std::vector<double> Probabilities(Span<const double> logits, double temperature);
// W_c = sum p_k v_k
double Expectation(Span<const double> logits, Span<const double> values, double temperature);
// dW_c / dA_k = T p_k (v_k - W_c)
std::vector<double> Gradient(Span<const double> logits, Span<const double> values, double temperature);
// The first index of the largest logit.
size_t Winner(Span<const double> logits);

// What the search starts from with `init` = weights: in each row the nearest of s V, with s such that the mean
// magnitudes of w and of s V are equal (bwn's scale for 1 bit).
class Slb : public Quantizer {
 public:
  explicit Slb(const Options& options) : options_(options) {}
  QTensor Quantize(Span<const float> weights, const Shape& shape) const override;

 private:
  Options options_;
};

// s of a row: mean |w| / mean |V|; 0 for a row of zeros.
double StartScale(Span<const float> row, int bits);
// A_k = -kappa ((w / s - v_k) / step)^2, step the distance of neighbours in V: its winner is the nearest value.
std::vector<double> StartLogits(double weight, double scale, int bits, double kappa);

Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::slb

#endif  // LOWBIT_QUANT_METHODS_SLB_SLB_H_
