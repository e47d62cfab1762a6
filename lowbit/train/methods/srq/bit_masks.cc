#include "lowbit/train/methods/srq/bit_masks.h"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "lowbit/base/random.h"
#include "lowbit/quant/methods/srq/hard_concrete.h"
#include "lowbit/train/kernel_passes.h"

namespace lowbit::train::methods::srq {
namespace {

using quant::methods::srq::HardConcrete;
using quant::methods::srq::Options;

// Of the logits' start.
constexpr double kStartDeviation = 0.01;
// Weights that cost one price with price_by = weights.
constexpr double kWeightsPerPrice = 1e6;

// function(logit) with the derivative slope(logit), for a handful of numbers.
struct PointwiseFunction : torch::autograd::Function<PointwiseFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input, const at::Tensor& value,
                            const at::Tensor& slope) {
    context->save_for_backward({slope});
    return value.to(input.device(), input.scalar_type());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const at::Tensor slope = context->get_saved_variables()[0];
    return {gradients[0] * slope.to(gradients[0].device(), gradients[0].scalar_type()), at::Tensor(), at::Tensor()};
  }
};

at::Tensor Pointwise(const at::Tensor& input, const std::vector<double>& value, const std::vector<double>& slope) {
  return PointwiseFunction::apply(input, at::tensor(value, at::kDouble), at::tensor(slope, at::kDouble));
}

// The masks by kernels; changes the logits that are out of bounds.
struct GatesFunction : torch::autograd::Function<GatesFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits, const GatePlan& plan) {
    const KernelPasses::Gates drawn = KernelPassesFor(logits)->DrawGates(plan, logits.detach());
    context->save_for_backward({drawn.gates, drawn.slopes});
    context->saved_data["nested"] = plan.nested;
    return drawn.masks;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const KernelPasses* kernels = KernelPassesFor(saved[0]);
    return {kernels->GatesBackward(context->saved_data["nested"].toBool(), {{}, saved[0], saved[1]}, gradients[0]),
            at::Tensor()};
  }
};

struct PriceFunction : torch::autograd::Function<PriceFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits, const GatePlan& plan,
                            double factor) {
    const auto [price, slopes] = KernelPassesFor(logits)->PriceGates(plan, factor, logits.detach());
    context->save_for_backward({slopes});
    return price;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    return {gradients[0] * context->get_saved_variables()[0], at::Tensor(), at::Tensor()};
  }
};

}  // namespace

BitMasks::BitMasks(const Options& options, const LayerWeight& weight, int groups)
    : options_(options),
      groups_(options.dropbits ? groups : 0),
      layer_(weight.layer),
      name_(weight.name),
      weights_(static_cast<double>(weight.value.numel())),
      closed_for_(at::zeros({groups_}, at::kLong)),
      epoch_(at::full({1}, -1, at::kLong)) {
  const CounterRandom random(weight.seed, StreamOf("dropbits/start/" + weight.name));
  std::vector<float> start;
  for (int g = 0; g < groups_; ++g) {
    const double noise = kStartDeviation * random.Normal(static_cast<uint64_t>(g));
    start.push_back(static_cast<float>(std::log(options.keep / (1 - options.keep)) + noise));
  }
  logits_ = at::tensor(start, at::kFloat).to(weight.value.device()).requires_grad_(true);
}

std::vector<double> BitMasks::Logits() const {
  const at::Tensor logits = logits_.detach().to(at::kCPU);
  return {logits.data_ptr<float>(), logits.data_ptr<float>() + groups_};
}

bool BitMasks::DroppedForGood(int group) const {
  return Learns() && closed_for_.data_ptr<int64_t>()[group] >= options_.patience;
}

// At the first step of each epoch: a gate that opened again starts anew, one that was closed long enough stays so.
void BitMasks::CountEpoch(int64_t epoch) {
  if (epoch_.item<int64_t>() == epoch) return;
  epoch_.fill_(epoch);
  int64_t* closed_for = closed_for_.data_ptr<int64_t>();
  const std::vector<double> logits = Logits();
  for (int g = 0; g < groups_; ++g) {
    if (DroppedForGood(g)) continue;
    closed_for[g] = HardConcrete::Gate(logits[static_cast<size_t>(g)]) == 0 ? closed_for[g] + 1 : 0;
  }
}

at::Tensor BitMasks::Draw(const StepContext& context) {
  if (empty()) return {};
  progress_ = context.progress;
  CountEpoch(context.epoch);
  const CounterRandom random(context.seed, StreamOf("dropbits/" + layer_), static_cast<uint64_t>(context.iteration));
  if (KernelPassesFor(logits_) != nullptr) {
    GatePlan plan = Gates();
    for (int g = 0; g < groups_; ++g) plan.noise[g] = HardConcrete::Noise(random.Uniform(static_cast<uint64_t>(g)));
    return GatesFunction::apply(logits_, plan);
  }
  {
    const at::NoGradGuard no_grad;
    logits_.clamp_(-HardConcrete::kLogitBound, HardConcrete::kLogitBound);
  }
  const std::vector<double> logits = Logits();
  std::vector<double> masks, slopes;
  for (int g = 0; g < groups_; ++g) {
    const double logit = logits[static_cast<size_t>(g)], u = random.Uniform(static_cast<uint64_t>(g));
    const bool dropped = DroppedForGood(g);
    masks.push_back(dropped ? 0 : HardConcrete::Sample(logit, u));
    slopes.push_back(dropped ? 0 : HardConcrete::SampleSlope(logit, u));
  }
  const at::Tensor drawn = Pointwise(logits_, masks, slopes);
  return options_.nested ? drawn.cumprod(0) : drawn;
}

GatePlan BitMasks::Gates() const {
  GatePlan plan;
  plan.beta = HardConcrete::kBeta;
  plan.gamma = HardConcrete::kGamma;
  plan.zeta = HardConcrete::kZeta;
  plan.bound = static_cast<float>(HardConcrete::kLogitBound);
  plan.shift = HardConcrete::Shift();
  plan.nested = options_.nested;
  plan.groups = groups_;
  for (int g = 0; g < groups_; ++g) plan.dropped[g] = DroppedForGood(g);
  return plan;
}

std::vector<bool> BitMasks::Alive() const {
  const std::vector<double> logits = Logits();
  std::vector<bool> alive;
  bool all = true;
  for (int g = 0; g < groups_; ++g) {
    const bool open = !DroppedForGood(g) && HardConcrete::Gate(logits[static_cast<size_t>(g)]) > 0;
    all = all && open;
    alive.push_back(options_.nested ? all : open);
  }
  return alive;
}

double BitMasks::PriceFactor() const {
  const double rise = options_.price_warmup > 0 ? std::min(1.0, progress_ / options_.price_warmup) : 1;
  const double size = options_.price_by == Options::PenaltyBy::kWeights ? weights_ / kWeightsPerPrice : 1;
  return options_.bit_price * rise * size;
}

at::Tensor BitMasks::Price() const {
  if (empty() || !Learns()) return {};
  if (KernelPassesFor(logits_) != nullptr) return PriceFunction::apply(logits_, Gates(), PriceFactor());
  const std::vector<double> logits = Logits();
  std::vector<double> values, slopes;
  for (int g = 0; g < groups_; ++g) {
    const double p = HardConcrete::ProbabilityNonzero(logits[static_cast<size_t>(g)]);
    const bool dropped = DroppedForGood(g);
    values.push_back(dropped ? 0 : p);
    slopes.push_back(dropped ? 0 : p * (1 - p));
  }
  return Pointwise(logits_, values, slopes).sum() * PriceFactor();
}

double BitMasks::ExpectedBits() const {
  const std::vector<double> logits = Logits();
  double bits = 2, reaches = 1;
  for (int g = 0; g < groups_; ++g) {
    const double p = DroppedForGood(g) ? 0 : HardConcrete::ProbabilityNonzero(logits[static_cast<size_t>(g)]);
    reaches *= p;
    bits += options_.nested ? reaches : p;
  }
  return std::min<double>(bits, options_.bits);
}

std::vector<TrainedParameter> BitMasks::Parameters() const {
  if (empty()) return {};
  ParameterTraits traits;
  traits.role = ParameterTraits::Role::kBias;
  traits.learning_rate_multiplier = options_.mask_rate;
  traits.decay_multiplier = 0;
  return {{name_ + "/mask_logits", logits_, traits}};
}

NamedTensors BitMasks::Buffers() const {
  if (empty()) return {};
  return {{name_ + "/mask_closed_for", closed_for_}, {name_ + "/mask_epoch", epoch_}};
}

}  // namespace lowbit::train::methods::srq
