#ifndef LOWBIT_QUANT_METHODS_BWN_BWN_H_
#define LOWBIT_QUANT_METHODS_BWN_BWN_H_

#include "lowbit/quant/quantizer.h"

namespace lowbit::quant::methods::bwn {

// The method of spec.md.
class Bwn : public Quantizer {
 public:
  QTensor Quantize(Span<const float> weights, const Shape& shape) const override;
};

// Takes no settings. Error: any key.
Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::bwn

#endif  // LOWBIT_QUANT_METHODS_BWN_BWN_H_
