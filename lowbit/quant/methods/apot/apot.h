#ifndef LOWBIT_QUANT_METHODS_APOT_APOT_H_
#define LOWBIT_QUANT_METHODS_APOT_APOT_H_

#include "lowbit/quant/level_quantizer.h"

namespace lowbit::quant::methods::apot {

// Keys `bits` = 3..5, `scope` = layer | row: the values, and the scale that training starts from.
Result<LevelScheme> ReadScheme(const Config& config);

// The method of spec.md, with the scale that training starts from.
Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::apot

#endif  // LOWBIT_QUANT_METHODS_APOT_APOT_H_
