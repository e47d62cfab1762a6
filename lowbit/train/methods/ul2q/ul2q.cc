#include "lowbit/quant/methods/ul2q/ul2q.h"

#include "lowbit/train/level_tensors.h"

// A uniform grid without zero (quant/methods/ul2q is the specification), in tensor operations.

namespace lowbit::train::methods::ul2q {

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(quant::LevelScheme scheme, quant::methods::ul2q::ReadScheme(options));
  return StraightThroughMethod(std::make_shared<LevelTensors>(std::move(scheme)));
}

}  // namespace lowbit::train::methods::ul2q
