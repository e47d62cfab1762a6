#include "lowbit/quant/methods/slb/slb.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "lowbit/base/random.h"
#include "lowbit/quant/sums.h"
#include "lowbit/train/method.h"
#include "lowbit/train/methods/slb/expectation.h"
#include "lowbit/train/row_pass.h"

// Weights searched among their discrete values; quant/methods/slb/spec.md is the specification. The logits are a
// tensor [m, rows * columns], the values outermost, so that every operation runs over contiguous weights.

namespace lowbit::train::methods::slb {
namespace {

namespace definition = quant::methods::slb;
using definition::Options;

definition::TrainingTime TimeOf(const StepContext& context) {
  return {context.progress, context.epoch + 1, context.epochs};
}

at::Tensor ToTorch(const std::vector<double>& values) { return at::tensor(values, at::kDouble).to(at::kFloat); }

// He's for the fan-out of the tensor with its axis of values: [rows, columns / area, area of the kernel, m].
double StartDeviation(const at::Tensor& weight, int64_t values) {
  const int64_t area = weight.dim() == 4 ? weight.size(2) * weight.size(3) : 1;
  return std::sqrt(2.0 / static_cast<double>(weight.size(0) * area * values));
}

at::Tensor RandomLogits(const LayerWeight& weight, int64_t values) {
  const int64_t n = weight.value.numel();
  const CounterRandom random(weight.seed, StreamOf("slb/" + weight.name));
  const double deviation = StartDeviation(weight.value, values);
  at::Tensor logits = at::empty({values, n}, at::kFloat);
  float* data = logits.data_ptr<float>();
  for (int64_t i = 0; i < values * n; ++i) {
    data[i] = static_cast<float>(deviation * random.Normal(static_cast<uint64_t>(i)));
  }
  return logits;
}

// The start at given weights: the scale of each row, and the logits.
struct WarmStart {
  at::Tensor scales, logits;

  WarmStart(const at::Tensor& weight, const Options& options)
      : scales(at::empty({weight.size(0)})), logits(at::empty({1 << options.bits, weight.numel()})) {
    const int64_t columns = weight.numel() / weight.size(0);
    const Span<const float> weights(weight.data_ptr<float>(), static_cast<size_t>(weight.numel()));
    auto at = logits.accessor<float, 2>();
    for (int64_t row = 0; row < weight.size(0); ++row) {
      const double scale = definition::StartScale(quant::Row(weights, row, columns), options.bits);
      scales.data_ptr<float>()[row] = static_cast<float>(scale);
      for (int64_t i = row * columns; i < (row + 1) * columns; ++i) {
        const std::vector<double> start =
            definition::StartLogits(weights[static_cast<size_t>(i)], scale, options.bits, options.kappa);
        for (size_t k = 0; k < start.size(); ++k) at[static_cast<int64_t>(k)][i] = static_cast<float>(start[k]);
      }
    }
  }
};

// sqrt(2 / fan_in) / rms(V): each row's outputs then have the size that a float start of He's would give.
double BalancedScale(const at::Tensor& weight, int bits) {
  const int64_t columns = weight.numel() / weight.size(0);
  const auto fan_in = static_cast<double>(columns);
  const double square = ToTorch(definition::Levels(bits)).square().mean().item<double>();
  return std::sqrt(2 / fan_in / square) / definition::LevelScale(bits);
}

class SlbWeight : public WeightMethod {
 public:
  SlbWeight(const LayerWeight& weight, const Options& options)
      : options_(options),
        name_(weight.name),
        shape_(weight.value.sizes().vec()),
        traits_(weight.traits),
        // The state before the first step.
        state_(at::tensor({options.temperature.At({}), 0.0}, at::kDouble)) {
    Start(weight);
    for (at::Tensor* tensor : {&logits_, &levels_, &row_scales_}) *tensor = tensor->to(weight.value.device());
    logits_.requires_grad_(true);
    levels_.requires_grad_(options.learn_values);
    row_scales_.requires_grad_(options.scale == Options::Scale::kChannel);
  }

  at::Tensor Effective(Mode mode, const StepContext& context) override {
    const bool training = mode == Mode::kTrain || context.evaluate_hybrid;
    const definition::TrainingTime time = TimeOf(context);
    const bool hard = options_.hard && options_.temperature.Over(time);
    const double temperature = options_.temperature.At(time);
    if (mode == Mode::kTrain) state_[0] = temperature, state_[1] = hard ? 1.0 : 0.0;
    return training && !hard ? Continuous(temperature) : Discrete();
  }

  std::vector<TrainedParameter> Parameters() const override {
    ParameterTraits traits = traits_;
    traits.learning_rate_multiplier *= options_.logit_rate;
    traits.decay_multiplier *= options_.logit_decay;
    std::vector<TrainedParameter> parameters = {{name_ + "/logits", logits_, traits}};
    ParameterTraits undecayed = traits_;
    undecayed.role = ParameterTraits::Role::kBias;
    undecayed.decay_multiplier = 0;
    if (levels_.requires_grad()) parameters.push_back({name_ + "/values", levels_, undecayed});
    if (row_scales_.requires_grad()) parameters.push_back({name_ + "/scale", row_scales_, undecayed});
    return parameters;
  }

  // Temperature, and whether the weights were discrete, in the last training step.
  NamedTensors Buffers() const override { return {{name_ + "/slb_state", state_}}; }

  at::Tensor Master() const override {
    const at::NoGradGuard no_grad;
    return state_[1].item<double>() != 0 ? Discrete() : Continuous(state_[0].item<double>());
  }

  QTensor Freeze() const override {
    const at::NoGradGuard no_grad;
    return ToQTensor({DiscreteLevels().view({shape_[0], -1}), Scales().flatten(), Values()}, shape_);
  }

  MethodStatistics Statistics() const override {
    const at::NoGradGuard no_grad;
    const at::Tensor weight = Master(), discrete = Discrete();
    MethodStatistics statistics;
    const auto errors = [&](int64_t rows) {
      return RowErrors(weight.reshape({rows, -1}), discrete.reshape({rows, -1})).mean().item<double>();
    };
    statistics.error = errors(1);
    statistics.mean_row_error = errors(shape_[0]);
    statistics.zero_share = discrete.eq(0).to(at::kDouble).mean().item<double>();
    statistics.details["temperature"] = state_[0].item<double>();
    statistics.details["top_probability"] = TopProbability(logits_.detach(), state_[0].item<double>()).item<double>();
    return statistics;
  }

 private:
  // Fixed values are integers and a common factor (spec.md, section 1); trained ones are as they are.
  void Start(const LayerWeight& weight) {
    const std::vector<double> levels = definition::Levels(options_.bits);
    const double unit = definition::LevelScale(options_.bits);
    unit_ = static_cast<float>(options_.learn_values ? 1 : unit);
    levels_ = ToTorch(levels);
    if (options_.learn_values) levels_.mul_(unit);
    const bool scaled = options_.scale == Options::Scale::kChannel;
    row_scales_ =
        at::full({scaled ? shape_[0] : 1}, scaled ? BalancedScale(weight.value, options_.bits) : 1, at::kFloat);
    if (options_.init == Options::Init::kRandom) {
      logits_ = RandomLogits(weight, static_cast<int64_t>(levels.size()));
      return;
    }
    const WarmStart start(weight.value.to(at::kCPU), options_);
    logits_ = start.logits;
    if (scaled) row_scales_ = start.scales;
  }

  // [rows or 1, 1]
  at::Tensor Scales() const { return (row_scales_ * unit_).view({-1, 1}); }
  at::Tensor Scaled(const at::Tensor& levels) const { return (levels.view({shape_[0], -1}) * Scales()).view(shape_); }
  at::Tensor DiscreteLevels() const { return levels_.index_select(0, logits_.detach().argmax(0)); }
  at::Tensor Continuous(double temperature) const {
    return ScaledExpectation(logits_, levels_, row_scales_, unit_, shape_[0], temperature).view(shape_);
  }
  at::Tensor Discrete() const { return Scaled(DiscreteLevels()); }

  ValueSet Values() const {
    if (!options_.learn_values) return definition::LevelSet(options_.bits);
    const at::Tensor values = levels_.detach().to(at::kCPU).contiguous();
    return ValueSet::Table({values.data_ptr<float>(), values.data_ptr<float>() + values.numel()});
  }

  Options options_;
  std::string name_;
  Shape shape_;
  ParameterTraits traits_;
  at::Tensor logits_;      // [m, rows * columns]
  at::Tensor levels_;      // [m]
  at::Tensor row_scales_;  // [rows] or [1]
  at::Tensor state_;       // double [2] on the CPU.
  float unit_ = 1;
};

}  // namespace

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const Options read, definition::ReadOptions(options));
  Method method;
  method.make = [read](const LayerWeight& weight) { return std::make_unique<SlbWeight>(weight, read); };
  return method;
}

}  // namespace lowbit::train::methods::slb
