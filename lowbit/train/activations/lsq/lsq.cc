#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "lowbit/train/learned_grid.h"

// Learned step sizes (Esser et al. 2020): the scale is trained with the gradient of the rounded value, times
// 1 / sqrt(values of an image * largest integer).

namespace lowbit::train::activations::lsq {

Result<ActivationMethod> Create(const Config& options) {
  const ConfigReader reader(options, "quantize.activations.lsq");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  ActivationMethod method;
  method.scale = ActivationMethod::Scale::kTrained;
  method.apply_takes_relu = true;
  method.apply = [](const at::Tensor& x, const at::Tensor& scale, double step, const IntegerRange& range) {
    const auto features = static_cast<double>(x.numel() / std::max<int64_t>(1, x.size(0)));
    return LearnedGrid(x, scale, step, range, /*rounding=*/true, 1 / std::sqrt(std::max(1.0, features * range.high)));
  };
  return method;
}

}  // namespace lowbit::train::activations::lsq
