#ifndef LOWBIT_TRAIN_METHODS_SRQ_STEP_AND_NOISE_H_
#define LOWBIT_TRAIN_METHODS_SRQ_STEP_AND_NOISE_H_

#include <ATen/core/Tensor.h>

#include <utility>

#include "lowbit/train/kernel_passes.h"

namespace lowbit::train::methods::srq {

// Step and noise of a layer, [1] each: positive by construction, and of one size in every layer.
//   step = start * exp(log_step),   noise = start * noise_start * exp(log_noise)
// Differentiable with respect to both logarithms, whose gradients are multiplied by plan.gradient_factor. With `clamp` log_noise
// itself is first brought to where plan.least <= log_noise - log_step <= plan.most. Nothing waits for a GPU.
std::pair<at::Tensor, at::Tensor> StepAndNoise(const ScalePlan& plan, const KernelPasses::LogScales& given, bool clamp);

}  // namespace lowbit::train::methods::srq

#endif  // LOWBIT_TRAIN_METHODS_SRQ_STEP_AND_NOISE_H_
