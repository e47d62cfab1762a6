#include "lowbit/quant/methods/srq/srq.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <array>
#include <cmath>
#include <utility>

#include "lowbit/base/random.h"
#include "lowbit/train/method.h"
#include "lowbit/train/methods/srq/bit_masks.h"
#include "lowbit/train/methods/srq/semi_relaxed.h"
#include "lowbit/train/methods/srq/step_and_noise.h"
#include "lowbit/train/row_pass.h"

// Relaxed and semi-relaxed quantization and DropBits; quant/methods/srq/spec.md is the specification.

namespace lowbit::train::methods::srq {
namespace {

namespace definition = quant::methods::srq;
using definition::Options;

// Bounds of noise / step.
constexpr double kLeastNoise = 0.02, kMostNoise = 3;

GridPlan PlanOf(const Options& options) {
  const definition::LogisticGrid grid = options.Grid();
  GridPlan plan;
  plan.low = grid.low;
  plan.high = grid.high;
  plan.full_vector = options.estimator == Options::Estimator::kFullVector;
  plan.normalized = options.normalized;
  plan.groups = definition::MakeBitGroups(grid, options.layout);
  return plan;
}

double StartStepOf(const at::Tensor& weight, const Options& options) {
  const at::Tensor flat = weight.detach().to(at::kCPU).contiguous();
  return definition::StartStep({flat.data_ptr<float>(), static_cast<size_t>(flat.numel())}, options);
}

ScalePlan ScalesOf(const Options& options, int64_t weights) {
  ScalePlan plan;
  plan.noise_start = options.noise_start;
  plan.least = std::log(kLeastNoise / options.noise_start);
  plan.most = std::log(kMostNoise / options.noise_start);
  // The gradients are sums over a layer; Esser et al. 2020.
  plan.gradient_factor = 1 / std::sqrt(static_cast<double>(weights) * static_cast<double>(options.Grid().high));
  return plan;
}

class SrqWeight : public WeightMethod {
 public:
  SrqWeight(const LayerWeight& weight, const Options& options)
      : options_(options),
        plan_(PlanOf(options)),
        scales_(ScalesOf(options, weight.value.numel())),
        layer_(weight.layer),
        weight_{weight.name, weight.value.detach().requires_grad_(true), weight.traits},
        start_step_(at::full({1}, StartStepOf(weight.value, options), weight.value.options())),
        log_step_(at::zeros({1}, weight.value.options()).requires_grad_(true)),
        log_noise_(at::zeros({1}, weight.value.options()).requires_grad_(true)),
        masks_(options, weight, plan_.groups.count) {}

  at::Tensor Effective(Mode mode, const StepContext& context) override {
    if (mode != Mode::kTrain && !context.evaluate_hybrid) return EvaluationValues();
    const auto [step, noise] = Scales(/*clamp=*/mode == Mode::kTrain);
    if (options_.variant == Options::Variant::kSrq) {
      return SemiRelaxed(weight_.tensor, step, noise, masks_.Draw(context), plan_);
    }
    return Relaxed(weight_.tensor, step, noise, Gumbel(context), options_.relaxation,
                   options_.variant == Options::Variant::kRqSt, plan_);
  }

  std::vector<TrainedParameter> Parameters() const override {
    ParameterTraits traits;
    traits.role = ParameterTraits::Role::kBias;
    traits.learning_rate_multiplier = weight_.traits.learning_rate_multiplier * options_.scale_rate;
    traits.decay_multiplier = 0;
    std::vector<TrainedParameter> parameters = {
        weight_, {weight_.name + "/log_step", log_step_, traits}, {weight_.name + "/log_noise", log_noise_, traits}};
    for (const TrainedParameter& parameter : masks_.Parameters()) parameters.push_back(parameter);
    return parameters;
  }

  NamedTensors Buffers() const override {
    NamedTensors buffers = masks_.Buffers();
    buffers[weight_.name + "/start_step"] = start_step_;
    return buffers;
  }

  at::Tensor Regularizer() const override { return masks_.Price(); }
  at::Tensor Master() const override { return weight_.tensor.detach(); }

  QTensor Freeze() const override {
    const at::NoGradGuard no_grad;
    const Shape shape = weight_.tensor.sizes().vec();
    return ToQTensor({Codes().view({shape[0], -1}), Step().detach(), definition::NarrowestSet(Survivors())}, shape);
  }

  MethodStatistics Statistics() const override {
    const at::NoGradGuard no_grad;
    const at::Tensor values = EvaluationValues();
    const auto errors = [&](int64_t rows) {
      return RowErrors(weight_.tensor.detach().reshape({rows, -1}), values.reshape({rows, -1})).mean().item<double>();
    };
    MethodStatistics statistics;
    statistics.error = errors(1);
    statistics.mean_row_error = errors(values.size(0));
    statistics.zero_share = values.eq(0).to(at::kDouble).mean().item<double>();
    const double step = Step().item<double>();
    statistics.details = {{"step_drift", step / start_step_.item<double>()},
                          {"noise", Scales(/*clamp=*/false).second.item<double>() / step},
                          {"bits", definition::NarrowestSet(Survivors()).Bits()}};
    if (!masks_.empty()) statistics.details["expected_bits"] = masks_.ExpectedBits();
    return statistics;
  }

 private:
  std::pair<at::Tensor, at::Tensor> Scales(bool clamp) const {
    return StepAndNoise(scales_, {start_step_, log_step_, log_noise_}, clamp);
  }
  at::Tensor Step() const { return Scales(/*clamp=*/false).first; }

  // Standard Gumbel noise of this step, [points, weights]: number k * points + i is that of weight k and point i.
  at::Tensor Gumbel(const StepContext& context) const {
    const int64_t points = plan_.high - plan_.low + 1, weights = weight_.tensor.numel();
    const CounterRandom random(context.seed, StreamOf("rq/" + layer_), static_cast<uint64_t>(context.iteration));
    at::Tensor noise = at::empty({weights, points});
    float* data = noise.data_ptr<float>();
    ForEachRange(weights * points, 4, [&](int64_t begin, int64_t end) {
      std::array<uint32_t, 4> block = {};
      for (int64_t i = begin; i < end; ++i) {
        if (i % 4 == 0) block = random.Block(static_cast<uint64_t>(i / 4));
        const double u = CounterRandom::ToUniform(block[static_cast<size_t>(i % 4)]);
        data[i] = static_cast<float>(-std::log(-std::log(u)));
      }
    });
    return noise.t().to(weight_.tensor.device());
  }

  std::vector<int> Survivors() const {
    return plan_.groups.Survivors(
        options_.Grid(),
        masks_.empty() ? std::vector<bool>(static_cast<size_t>(plan_.groups.count), true) : masks_.Alive());
  }

  // The nearest survivor of each weight, as a whole number.
  at::Tensor Codes() const {
    const at::Tensor weight = weight_.tensor.detach(), step = Step().detach();
    const std::vector<int> survivors = Survivors();
    const int low = survivors.front(), high = survivors.back();
    if (high - low + 1 == static_cast<int>(survivors.size())) {
      return NearestCodes(weight, step, low, high);
    }
    std::vector<double> points(survivors.begin(), survivors.end()), middles;
    for (size_t i = 0; i + 1 < points.size(); ++i) middles.push_back((points[i] + points[i + 1]) / 2);
    const auto on_device = [&](const std::vector<double>& values) {
      return at::tensor(values, at::kDouble).to(weight.device(), weight.scalar_type());
    };
    // Ties go up.
    const at::Tensor places = at::bucketize(weight / step, on_device(middles), /*out_int32=*/false, /*right=*/true);
    return on_device(points).index_select(0, places.flatten()).view_as(weight);
  }

  at::Tensor EvaluationValues() const { return Codes() * Step().detach(); }

  Options options_;
  GridPlan plan_;
  ScalePlan scales_;
  std::string layer_;
  TrainedParameter weight_;
  at::Tensor start_step_;            // [1]
  at::Tensor log_step_, log_noise_;  // [1], 0 at the start.
  BitMasks masks_;
};

}  // namespace

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const Options read, definition::ReadOptions(options));
  Method method;
  method.make = [read](const LayerWeight& weight) { return std::make_unique<SrqWeight>(weight, read); };
  return method;
}

}  // namespace lowbit::train::methods::srq
