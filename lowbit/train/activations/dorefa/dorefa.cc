#include "lowbit/train/activation_method.h"

// DoReFa's activations (Zhou et al. 2016, equation 11): values that cannot be negative are clipped to [0, 1], whatever they
// are, and rounded to a grid that ends at 1. The gradient goes straight through inside of it.

namespace lowbit::train::activations::dorefa {

Result<ActivationMethod> Create(const Config& options) {
  const ConfigReader reader(options, "quantize.activations.dorefa");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  ActivationMethod method;
  method.scale = ActivationMethod::Scale::kOne;
  method.takes_signed = false;
  return method;
}

}  // namespace lowbit::train::activations::dorefa
