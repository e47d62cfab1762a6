#ifndef LOWBIT_QUANT_METHODS_TOY_TOY_H_
#define LOWBIT_QUANT_METHODS_TOY_TOY_H_

#include "lowbit/quant/quantizer.h"

namespace lowbit::quant::methods::toy {

// Ternary with one scale for the tensor: m = max |w|; a weight beyond m / 2 becomes +-(3/4) m, any other 0.
class Toy : public Quantizer {
 public:
  QTensor Quantize(Span<const float> weights, const Shape& shape) const override;
};

Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::toy

#endif  // LOWBIT_QUANT_METHODS_TOY_TOY_H_
