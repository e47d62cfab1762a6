#ifndef LOWBIT_QUANT_METHODS_UL2Q_UL2Q_H_
#define LOWBIT_QUANT_METHODS_UL2Q_UL2Q_H_

#include "lowbit/quant/level_quantizer.h"

namespace lowbit::quant::methods::ul2q {

// Keys `bits` = 1..8, `scope` = layer | row. For the tensor version too.
Result<LevelScheme> ReadScheme(const Config& config);

// The method of spec.md.
Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::ul2q

#endif  // LOWBIT_QUANT_METHODS_UL2Q_UL2Q_H_
