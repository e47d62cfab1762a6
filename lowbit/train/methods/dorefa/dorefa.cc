#include "lowbit/quant/methods/dorefa/dorefa.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include "lowbit/train/kernel_passes.h"
#include "lowbit/train/level_tensors.h"

// DoReFa's weights (quant/methods/dorefa is the specification), in tensor operations.

namespace lowbit::train::methods::dorefa {
namespace {

// tanh(w) / T by kernels; T's own gradient goes to the weights that have it, in equal parts.
struct SqueezeFunction : torch::autograd::Function<SqueezeFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weight) {
    const auto [squeezed, about] = KernelPassesFor(weight)->Squeeze(weight);
    context->save_for_backward({weight, about});
    return squeezed;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const at::Tensor weight = saved[0].detach();
    return {KernelPassesFor(weight)->SqueezeBackward(gradients[0], weight, saved[1])};
  }
};

class Squeezed : public LevelTensors {
 public:
  using LevelTensors::LevelTensors;
  at::Tensor Prepare(const at::Tensor& weight) const override {
    if (KernelPassesFor(weight) != nullptr && weight.is_contiguous()) return SqueezeFunction::apply(weight);
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
