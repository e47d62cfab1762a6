#ifndef LOWBIT_QUANT_METHODS_TTQ_TTQ_H_
#define LOWBIT_QUANT_METHODS_TTQ_TTQ_H_

#include "lowbit/quant/quantizer.h"

namespace lowbit::quant::methods::ttq {

struct Options {
  double threshold = 0.05;  // Of the largest magnitude in the layer.
};

// Key `threshold` in 0..1.
Result<Options> ReadOptions(const Config& config);

// The layer's threshold on |w|, in double.
double Threshold(Span<const float> weights, const Options& options);

// What the two scales start from: the mean of the weights above the threshold, and of -w of those below minus the threshold.
struct Scales {
  float positive = 0, negative = 0;  // 0 where there are none.
};
Scales StartScales(Span<const float> weights, const Options& options);

// -negative, 0, positive.
ValueSet Values(const Scales& scales);

// The method of spec.md, with the scales that training starts from.
Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::ttq

#endif  // LOWBIT_QUANT_METHODS_TTQ_TTQ_H_
