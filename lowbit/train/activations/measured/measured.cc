#include "lowbit/train/activation_method.h"

// Scales that are measured once, at the start of the run, and stay.

namespace lowbit::train::activations::measured {

Result<ActivationMethod> Create(const Config& options) {
  const ConfigReader reader(options, "quantize.activations.measured");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return ActivationMethod();
}

}  // namespace lowbit::train::activations::measured
