#include "lowbit/quant/methods/lsq/lsq.h"

#include "lowbit/train/learned_scale.h"

// Learned step size (quant/methods/lsq is the specification of the grid and of the start).

namespace lowbit::train::methods::lsq {

Result<Method> Create(const Config& options) { return LearnedScaleMethod(options, quant::methods::lsq::ReadScheme); }

}  // namespace lowbit::train::methods::lsq
