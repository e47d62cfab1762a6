#include "lowbit/train/methods/srq/step_and_noise.h"

#include <torch/autograd.h>
#include <torch/types.h>

namespace lowbit::train::methods::srq {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Scales = KernelPasses::LogScales;

// The specification of the kernels.
KernelPasses::Pair ByTensors(const ScalePlan& plan, const Scales& given, bool clamp) {
  at::Tensor log_noise = given.log_noise;
  if (clamp) log_noise.clamp_(given.log_step + plan.least, given.log_step + plan.most);
  return {given.start * given.log_step.exp(), given.start * plan.noise_start * log_noise.exp()};
}

struct StepAndNoiseFunction : torch::autograd::Function<StepAndNoiseFunction> {
  static variable_list forward(AutogradContext* context, const at::Tensor& log_step, const at::Tensor& log_noise,
                               const at::Tensor& start, const ScalePlan& plan, bool clamp) {
    // Detached: what is changed is no part of a graph.
    const Scales given = {start, log_step.detach(), log_noise.detach()};
    const KernelPasses* kernels = KernelPassesFor(log_step);
    const auto [step, noise] =
        kernels != nullptr ? kernels->StepAndNoise(plan, given, clamp) : ByTensors(plan, given, clamp);
    context->save_for_backward({step, noise});
    context->saved_data["factor"] = plan.gradient_factor;
    return {step, noise};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor step = saved[0].detach(), noise = saved[1].detach();
    const double factor = context->saved_data["factor"].toDouble();
    if (const KernelPasses* kernels = KernelPassesFor(step)) {
      const auto [of_step, of_noise] =
          kernels->StepAndNoiseBackward(factor, {step, noise}, {gradients[0], gradients[1]});
      return {of_step, of_noise, {}, {}, {}};
    }
    return {gradients[0] * step * factor, gradients[1] * noise * factor, {}, {}, {}};
  }
};

}  // namespace

std::pair<at::Tensor, at::Tensor> StepAndNoise(const ScalePlan& plan, const Scales& given, bool clamp) {
  const variable_list both = StepAndNoiseFunction::apply(given.log_step, given.log_noise, given.start, plan, clamp);
  return {both[0], both[1]};
}

}  // namespace lowbit::train::methods::srq
