#include "lowbit/quant/methods/uniform/uniform.h"

#include "lowbit/train/level_tensors.h"

// A symmetric uniform grid (quant/methods/uniform is the specification), in tensor operations.

namespace lowbit::train::methods::uniform {

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(quant::LevelScheme scheme, quant::methods::uniform::ReadScheme(options));
  return StraightThroughMethod(std::make_shared<LevelTensors>(std::move(scheme)));
}

}  // namespace lowbit::train::methods::uniform
