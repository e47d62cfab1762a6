#ifndef LOWBIT_QUANT_METHODS_DOREFA_DOREFA_H_
#define LOWBIT_QUANT_METHODS_DOREFA_DOREFA_H_

#include "lowbit/quant/level_quantizer.h"

namespace lowbit::quant::methods::dorefa {

// Key `bits` = 1..8.
Result<int> ReadBits(const Config& config);

// How tanh(w) / max |tanh(w)| is quantized, or with one bit w itself.
LevelScheme MakeScheme(int bits);

// The method of spec.md.
Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::dorefa

#endif  // LOWBIT_QUANT_METHODS_DOREFA_DOREFA_H_
