#include "lowbit/train/learned_scale.h"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <stdexcept>
#include <utility>

#include "lowbit/recipe/reading.h"
#include "lowbit/train/kernel_passes.h"
#include "lowbit/train/level_tensors.h"
#include "lowbit/train/master_weight.h"

namespace lowbit::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What the gradient of a scale depends on besides tensors.
struct Range {
  double first, last;
  double gradient_factor;
};

// rows [rows, columns], scale [1] or [rows], levels: of rows / scale.
struct Product : torch::autograd::Function<Product> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows, const at::Tensor& scale,
                            const at::Tensor& levels, const Range& range) {
    context->save_for_backward({rows, scale, levels});
    context->saved_data["first"] = range.first;
    context->saved_data["last"] = range.last;
    context->saved_data["factor"] = range.gradient_factor;
    return levels * scale.view({-1, 1});
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &rows = saved[0], &scale = saved[1], &levels = saved[2], &gradient = gradients[0];
    const auto number = [context](const char* name) { return context->saved_data[name].toDouble(); };
    if (const KernelPasses* kernels = KernelPassesFor(rows)) {
      const auto [of_rows, sums] = kernels->LearnRows(gradient, rows, scale, levels, number("first"), number("last"));
      const at::Tensor of_scale = scale.numel() == 1 ? sums.sum().view({1}) : sums;
      return {of_rows, (of_scale * number("factor")).to(at::kFloat), {}, {}};
    }
    const at::Tensor scaled = rows / scale.view({-1, 1});
    const at::Tensor inside = scaled.ge(number("first")).logical_and_(scaled.le(number("last")));
    const at::Tensor slope = at::where(inside, levels - scaled, levels) * gradient;
    const at::Tensor sums = scale.numel() == 1 ? slope.sum().view({1}) : slope.sum(1);
    return {gradient * inside, sums * number("factor"), {}, {}};
  }
};

class LearnedScaleWeight : public WeightMethod {
 public:
  LearnedScaleWeight(const LayerWeight& weight, const quant::LevelScheme& scheme, double scale_rate)
      : layer_(weight.layer),
        scheme_(scheme),
        weight_{weight.name, weight.value.detach().requires_grad_(true), weight.traits},
        scale_{weight.name + "/scale", {}, weight.traits} {
    const at::Tensor rows = RowsOf(weight_.tensor);
    const bool by_row = scheme.scope == quant::Scope::kRow;
    scale_.tensor = ScalesOf(scheme.rule, by_row ? rows : rows.reshape({1, -1})).requires_grad_(true);
    scale_.traits.role = ParameterTraits::Role::kBias;
    scale_.traits.decay_multiplier = 0;
    scale_.traits.learning_rate_multiplier *= scale_rate;
    const std::vector<float>& levels = scheme.levels.ascending();
    const double weights = static_cast<double>(rows.numel()) / static_cast<double>(scale_.tensor.numel());
    range_ = {levels.front(), levels.back(), 1 / std::sqrt(weights * levels.back())};
  }

  at::Tensor Effective(Mode, const StepContext&) override {
    CheckScale();
    const at::Tensor& weight = weight_.tensor;
    const at::Tensor rows = weight.reshape({weight.size(0), -1});
    return Product::apply(rows, scale_.tensor, Levels(), range_).view_as(weight);
  }
  std::vector<TrainedParameter> Parameters() const override { return {weight_, scale_}; }
  at::Tensor Master() const override { return weight_.tensor.detach(); }
  QTensor Freeze() const override { return ToQTensor(Quantized(), weight_.tensor.sizes().vec()); }
  MethodStatistics Statistics() const override { return Measure(RowsOf(weight_.tensor), Values(Quantized())); }

 private:
  at::Tensor Levels() const {
    const at::NoGradGuard no_grad;
    return NearestLevels(scheme_.levels, RowsOf(weight_.tensor), scale_.tensor.detach());
  }
  QuantizedRows Quantized() const {
    const at::NoGradGuard no_grad;
    return {Levels(), scale_.tensor.detach(), scheme_.levels.values()};
  }
  void CheckScale() const {
    const auto least = scale_.tensor.detach().min().item<double>();
    if (least > 0 && std::isfinite(least)) return;
    throw std::runtime_error("layer '" + layer_ + "': a learned scale became " + std::to_string(least) +
                             ", which is no positive number; lower 'train.learning_rate' or the method's 'scale_rate'");
  }

  std::string layer_;
  quant::LevelScheme scheme_;
  TrainedParameter weight_, scale_;
  Range range_;
};

}  // namespace

Result<Method> LearnedScaleMethod(const Config& options, Result<quant::LevelScheme> (*read_scheme)(const Config&)) {
  const recipe::Split split = recipe::SplitTable(options, {"scale_rate"});
  ConfigReader reader(split.ours, "quantize");
  const double scale_rate = recipe::PositiveFloat(&reader, "scale_rate", 1, 1);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  LOWBIT_TRY(const quant::LevelScheme scheme, read_scheme(split.others));
  Method method;
  method.make = [scheme, scale_rate](const LayerWeight& weight) {
    return std::make_unique<LearnedScaleWeight>(weight, scheme, scale_rate);
  };
  return method;
}

}  // namespace lowbit::train
