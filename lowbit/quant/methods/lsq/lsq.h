#ifndef LOWBIT_QUANT_METHODS_LSQ_LSQ_H_
#define LOWBIT_QUANT_METHODS_LSQ_LSQ_H_

#include "lowbit/quant/level_quantizer.h"

namespace lowbit::quant::methods::lsq {

// Keys `bits` = 2..8, `scope` = layer | row: the grid, and the step size that training starts from.
Result<LevelScheme> ReadScheme(const Config& config);

// The method of spec.md, with the step size that training starts from.
Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::lsq

#endif  // LOWBIT_QUANT_METHODS_LSQ_LSQ_H_
