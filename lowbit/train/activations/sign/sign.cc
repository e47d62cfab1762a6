#include <torch/autograd.h>
#include <torch/types.h>

#include "lowbit/train/activation_method.h"
#include "lowbit/train/one_pass.h"

// Activations of one bit: +1 for what is not negative, else -1. `gradient` = clipped: 1 where |x| <= 1 (Hubara et al. 2016,
// XNOR-Net); polynomial: 2 - 2 |x| there, the derivative of a curve nearer to the sign (Bi-Real Net, Liu et al. 2018).

namespace lowbit::train::activations::sign {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// y = scale * sign(x), with the gradient max(0, 2 - 2 |x / scale|).
struct Polynomial : torch::autograd::Function<Polynomial> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double scale) {
    context->save_for_backward({x});
    context->saved_data["scale"] = scale;
    if (!IsPlain(x)) return x.ge(0).to(x.scalar_type()).mul_(2).sub_(1).mul_(scale);
    return Forward(x, [scale](const GridPasses& passes, int64_t count, const float* from, float* to) {
      passes.signs(static_cast<float>(scale), count, from, to);
    });
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const double inverse = 1 / context->saved_data["scale"].toDouble();
    if (!IsPlain(x, gradients[0])) return {gradients[0] * (2 - 2 * (x * inverse).abs()).clamp_min_(0), {}};
    const auto pass = [inverse](const GridPasses& passes, int64_t count, const float* d, const float* from, float* dx) {
      passes.tent(static_cast<float>(inverse), count, d, from, dx);
      return 0.0;
    };
    return {Backward(gradients[0], x, pass), {}};
  }
};

}  // namespace

Result<ActivationMethod> Create(const Config& options) {
  ConfigReader reader(options, "quantize.activations.sign");
  const std::string gradient = reader.String("gradient", "clipped", {"clipped", "polynomial"});
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  ActivationMethod method;
  method.scale = ActivationMethod::Scale::kOne;
  method.bipolar = true;
  if (gradient == "polynomial") {
    method.apply = [](const at::Tensor& x, const at::Tensor&, double step, const IntegerRange&) {
      return Polynomial::apply(x, step);
    };
  }
  return method;
}

}  // namespace lowbit::train::activations::sign
