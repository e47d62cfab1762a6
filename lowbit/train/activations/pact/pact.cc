#include <ATen/core/Tensor.h>

#include "lowbit/train/learned_grid.h"

// A learned clip (PACT, Choi et al. 2018) of values that cannot be negative: alpha = scale * largest integer, with
// dL/dalpha = the sum of dL/dy over the values beyond it. alpha starts at the measured grid's end; no decay acts on it.

namespace lowbit::train::activations::pact {

Result<ActivationMethod> Create(const Config& options) {
  const ConfigReader reader(options, "quantize.activations.pact");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  ActivationMethod method;
  method.scale = ActivationMethod::Scale::kTrained;
  method.takes_signed = false;
  method.apply_takes_relu = true;
  method.apply = [](const at::Tensor& x, const at::Tensor& scale, double step, const IntegerRange& range) {
    // LearnedGrid's sum is high * dL/dalpha; a step of the scale is to be 1 / high of one of alpha.
    return LearnedGrid(x, scale, step, range, /*rounding=*/false, 1 / (range.high * range.high));
  };
  return method;
}

}  // namespace lowbit::train::activations::pact
