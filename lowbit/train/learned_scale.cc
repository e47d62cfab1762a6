#include "lowbit/train/learned_scale.h"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "lowbit/recipe/reading.h"
#include "lowbit/train/kernel_passes.h"
#include "lowbit/train/level_tensors.h"
#include "lowbit/train/master_weight.h"

namespace lowbit::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Of training on a GPU.
constexpr int64_t kStepsBetweenLooks = 16;

// What the gradient of a scale depends on besides tensors.
struct Range {
  double first, last;
  double gradient_factor;
};

// scale * level of a weight of any shape, scale [1] or [rows].
struct Product : torch::autograd::Function<Product> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight, const at::Tensor& scale,
                            const quant::Levels& levels, const Range& range) {
    context->saved_data["first"] = range.first;
    context->saved_data["last"] = range.last;
    context->saved_data["factor"] = range.gradient_factor;
    const at::Tensor rows = RowsOf(weight);
    at::Tensor nearest, values;
    if (const KernelPasses* kernels = KernelPassesFor(rows)) {
      std::tie(nearest, values) = kernels->Nearest(quant::MakeLevelTable(levels), rows, scale.detach());
    } else {
      nearest = NearestLevels(levels, rows, scale.detach());
      values = nearest * scale.view({-1, 1});
    }
    context->save_for_backward({weight, scale, nearest});
    return values.view_as(weight);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor rows = RowsOf(saved[0]), scale = saved[1].detach(), &levels = saved[2];
    const at::Tensor gradient = gradients[0].reshape_as(rows);
    const auto [of_rows, of_scale] = OfRows(*context, gradient, rows, scale, levels);
    return {of_rows.view_as(saved[0]), of_scale, {}, {}};
  }

 private:
  static std::pair<at::Tensor, at::Tensor> OfRows(const AutogradContext& context, const at::Tensor& gradient,
                                                  const at::Tensor& rows, const at::Tensor& scale,
                                                  const at::Tensor& levels) {
    const auto number = [&context](const char* name) { return context.saved_data.at(name).toDouble(); };
    const double first = number("first"), last = number("last"), factor = number("factor");
    if (const KernelPasses* kernels = KernelPassesFor(rows)) {
      return kernels->LearnRows(gradient, rows, scale, levels, first, last, factor);
    }
    const at::Tensor scaled = rows / scale.view({-1, 1});
    const at::Tensor inside = scaled.ge(first).logical_and_(scaled.le(last));
    const at::Tensor slope = at::where(inside, levels - scaled, levels) * gradient;
    const at::Tensor sums = scale.numel() == 1 ? slope.sum().view({1}) : slope.sum(1);
    return {gradient * inside, sums * factor};
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

  at::Tensor Effective(Mode mode, const StepContext& context) override {
    // Looking waits for a GPU.
    const bool looks = weight_.tensor.is_cpu() || mode != Mode::kTrain || context.iteration % kStepsBetweenLooks == 0;
    if (looks) CheckScale();
    return Product::apply(weight_.tensor, scale_.tensor, scheme_.levels, range_);
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
