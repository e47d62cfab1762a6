#include "lowbit/quant/methods/apot/apot.h"

#include "lowbit/train/learned_scale.h"

// Additive powers of two with a learned scale (quant/methods/apot is the specification of the values and of the start).

namespace lowbit::train::methods::apot {

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const quant::LevelScheme scheme, quant::methods::apot::ReadScheme(options));
  return LearnedScaleMethod(scheme);
}

}  // namespace lowbit::train::methods::apot
