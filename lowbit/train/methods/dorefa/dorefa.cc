#include "lowbit/quant/methods/dorefa/dorefa.h"

#include <torch/types.h>

#include "lowbit/train/level_tensors.h"

// DoReFa's weights (quant/methods/dorefa is the specification), in tensor operations.

namespace lowbit::train::methods::dorefa {
namespace {

class Squeezed : public LevelTensors {
 public:
  using LevelTensors::LevelTensors;
  at::Tensor Prepare(const at::Tensor& weight) const override {
    const at::Tensor squeezed = weight.tanh();
    const at::Tensor largest = squeezed.abs().max();
    return squeezed / at::where(largest.eq(0), at::ones_like(largest), largest);
  }
};

}  // namespace

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const int bits, quant::methods::dorefa::ReadBits(options));
  quant::LevelScheme scheme = quant::methods::dorefa::MakeScheme(bits);
  if (bits == 1) return StraightThroughMethod(std::make_shared<LevelTensors>(std::move(scheme)));
  return StraightThroughMethod(std::make_shared<Squeezed>(std::move(scheme)));
}

}  // namespace lowbit::train::methods::dorefa
