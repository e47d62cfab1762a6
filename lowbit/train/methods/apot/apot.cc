#include "lowbit/quant/methods/apot/apot.h"

#include "lowbit/train/learned_scale.h"

// Additive powers of two with a learned scale (quant/methods/apot is the specification of the values and of the start).

namespace lowbit::train::methods::apot {

Result<Method> Create(const Config& options) { return LearnedScaleMethod(options, quant::methods::apot::ReadScheme); }

}  // namespace lowbit::train::methods::apot
