#ifndef LOWBIT_QUANT_METHODS_UNIFORM_UNIFORM_H_
#define LOWBIT_QUANT_METHODS_UNIFORM_UNIFORM_H_

#include "lowbit/quant/level_quantizer.h"

namespace lowbit::quant::methods::uniform {

// Keys `bits` = 1..8, `range` = max | percentile | mse, `percentile` in 0..100, `scope` = layer | row. For the tensor version too.
Result<LevelScheme> ReadScheme(const Config& config);

// The method of spec.md.
Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::uniform

#endif  // LOWBIT_QUANT_METHODS_UNIFORM_UNIFORM_H_
