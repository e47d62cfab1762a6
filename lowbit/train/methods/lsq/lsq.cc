#include "lowbit/quant/methods/lsq/lsq.h"

#include "lowbit/train/learned_scale.h"

// Learned step size (quant/methods/lsq is the specification of the grid and of the start).

namespace lowbit::train::methods::lsq {

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const quant::LevelScheme scheme, quant::methods::lsq::ReadScheme(options));
  return LearnedScaleMethod(scheme);
}

}  // namespace lowbit::train::methods::lsq
