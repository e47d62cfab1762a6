#ifndef LOWBIT_TRAIN_LEARNED_GRID_H_
#define LOWBIT_TRAIN_LEARNED_GRID_H_

#include "lowbit/train/activation_method.h"

namespace lowbit::train {

// y = s q, q = clamp(round(x / s), low, high), the bits of the executor's Quant, with gradients for x and s:
//   dL/dx = dL/dy inside [s low, s high], 0 beyond
//   dL/ds = factor * sum dL/dy (q beyond the range; inside: q - x / s if `rounding`, else 0)
// and, where range.takes_relu, dL/dx = 0 at 0 too. scale: [1], positive, and `step` its number; see LowerQuant.
at::Tensor LearnedGrid(const at::Tensor& x, const at::Tensor& scale, double step, const IntegerRange& range,
                       bool rounding, double factor);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_LEARNED_GRID_H_
