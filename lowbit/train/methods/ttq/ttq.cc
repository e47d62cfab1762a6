#include "lowbit/quant/methods/ttq/ttq.h"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "lowbit/train/kernel_passes.h"
#include "lowbit/train/master_weight.h"
#include "lowbit/train/method.h"

// Trained ternary weights: the two scales are parameters. quant/methods/ttq is the specification.

namespace lowbit::train::methods::ttq {
namespace {

using quant::methods::ttq::Options;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// -scales[1], 0 or scales[0] by the sign; signs: -1, 0, 1 as float.
struct Choose : torch::autograd::Function<Choose> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight, const at::Tensor& scales,
                            const at::Tensor& signs) {
    context->save_for_backward({scales, signs});
    if (const KernelPasses* kernels = KernelPassesFor(signs)) return kernels->ChooseScale(signs, scales.detach());
    return at::where(signs.gt(0), scales[0], at::where(signs.lt(0), -scales[1], at::zeros_like(weight)));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &scales = saved[0], &signs = saved[1], &gradient = gradients[0];
    const double factor = 1 / std::sqrt(static_cast<double>(signs.numel()));
    if (const KernelPasses* kernels = KernelPassesFor(signs)) {
      const auto [of_weight, of_scales] = kernels->ChooseScaleBackward(gradient, signs, scales.detach(), factor);
      return {of_weight, of_scales, {}};
    }
    const at::Tensor positive = signs.gt(0), negative = signs.lt(0);
    const at::Tensor of_weight =
        at::where(positive, gradient * scales[0], at::where(negative, gradient * scales[1], gradient));
    const at::Tensor of_scales = at::stack({(gradient * positive).sum(), -(gradient * negative).sum()});
    return {of_weight, of_scales * factor, {}};
  }
};

class TtqWeight : public WeightMethod {
 public:
  TtqWeight(const LayerWeight& weight, const Options& options)
      : options_(options),
        weight_{weight.name, weight.value.detach().requires_grad_(true), weight.traits},
        scales_{weight.name + "/scales", {}, weight.traits} {
    const at::Tensor host = weight_.tensor.detach().to(at::kCPU).contiguous();
    const quant::methods::ttq::Scales start =
        StartScales({host.data_ptr<float>(), static_cast<size_t>(host.numel())}, options);
    scales_.tensor = at::tensor({start.positive, start.negative}).to(weight_.tensor.device()).requires_grad_(true);
    scales_.traits.role = ParameterTraits::Role::kBias;
    scales_.traits.decay_multiplier = 0;
    formula_.kind = quant::RowFormula::Kind::kThreshold;
    formula_.whole_layer = true;
    formula_.rule.factor = options.threshold;  // Of the largest magnitude.
  }

  at::Tensor Effective(Mode, const StepContext&) override {
    return Choose::apply(weight_.tensor, scales_.tensor, Signs());
  }
  std::vector<TrainedParameter> Parameters() const override { return {weight_, scales_}; }
  at::Tensor Master() const override { return weight_.tensor.detach(); }
  QTensor Freeze() const override {
    const at::NoGradGuard no_grad;
    const at::Tensor scales = scales_.tensor.to(at::kCPU);
    const float positive = scales[0].item<float>(), negative = scales[1].item<float>();
    QTensor result;
    result.shape = weight_.tensor.sizes().vec();
    result.values = quant::methods::ttq::Values({positive, negative});
    result.scales = {1};
    const at::Tensor codes = (Signs() + 1).to(at::kCPU, at::kByte).contiguous();
    result.codes.assign(codes.data_ptr<uint8_t>(), codes.data_ptr<uint8_t>() + codes.numel());
    return result;
  }
  MethodStatistics Statistics() const override {
    const at::NoGradGuard no_grad;
    return Measure(RowsOf(weight_.tensor), RowsOf(Choose::apply(weight_.tensor, scales_.tensor, Signs())));
  }

 private:
  at::Tensor Signs() const {
    const at::Tensor weight = weight_.tensor.detach();
    if (const KernelPasses* kernels = KernelPassesFor(weight)) {
      return kernels->Quantize(formula_, RowsOf(weight)).first.view_as(weight);
    }
    const double threshold = options_.threshold * weight.abs().max().item<double>();
    return (weight.gt(threshold).to(at::kFloat)).sub_(weight.lt(-threshold).to(at::kFloat));
  }

  Options options_;
  TrainedParameter weight_, scales_;
  quant::RowFormula formula_;  // Whose levels are the signs.
};

}  // namespace

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const Options read, quant::methods::ttq::ReadOptions(options));
  Method method;
  method.make = [read](const LayerWeight& weight) { return std::make_unique<TtqWeight>(weight, read); };
  return method;
}

}  // namespace lowbit::train::methods::ttq
