#include "lowbit/train/optimizer.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <utility>

#include "lowbit/train/parameter.h"

namespace lowbit::train {
namespace {

using StateTensors = std::map<std::string, at::Tensor>;

bool Decays(const TrainedParameter& parameter, DecayScope scope) {
  return scope == DecayScope::kAll || parameter.traits.role == ParameterTraits::Role::kWeight;
}

// What the optimizers share: the walk over the parameters that have a gradient.
class ParameterWalk : public Optimizer {
 public:
  ParameterWalk(const OptimizerOptions& options, std::vector<TrainedParameter> parameters)
      : options_(options), parameters_(std::move(parameters)) {}

  void ZeroGradients() override {
    for (TrainedParameter& parameter : parameters_) parameter.tensor.mutable_grad().reset();
  }

  void Step(double learning_rate) override {
    const at::NoGradGuard no_grad;
    BeginStep();
    for (size_t i = 0; i < parameters_.size(); ++i) {
      TrainedParameter& parameter = parameters_[i];
      if (!parameter.tensor.grad().defined()) continue;
      const double decay =
          Decays(parameter, options_.decay_scope) ? options_.weight_decay * parameter.traits.decay_multiplier : 0.0;
      Update(i, parameter.tensor, parameter.tensor.grad(), learning_rate * parameter.traits.learning_rate_multiplier,
             decay);
    }
  }

  void Reset() override {
    const at::NoGradGuard no_grad;
    for (auto& [name, tensor] : State()) tensor.zero_();
  }

 protected:
  virtual void BeginStep() {}
  // Changes `weight` by its gradient (which may be overwritten); i is the parameter's index.
  virtual void Update(size_t i, at::Tensor& weight, at::Tensor gradient, double rate, double decay) = 0;

  std::vector<at::Tensor> ZerosLikeParameters() const {
    std::vector<at::Tensor> zeros;
    for (const TrainedParameter& parameter : parameters_) zeros.push_back(at::zeros_like(parameter.tensor.detach()));
    return zeros;
  }

  void AddState(const std::vector<at::Tensor>& tensors, const std::string& word, StateTensors* state) const;

  const OptimizerOptions options_;
  std::vector<TrainedParameter> parameters_;
};

void ParameterWalk::AddState(const std::vector<at::Tensor>& tensors, const std::string& word,
                             StateTensors* state) const {
  for (size_t i = 0; i < parameters_.size(); ++i) (*state)[parameters_[i].name + "/" + word] = tensors[i];
}

class Sgd : public ParameterWalk {
 public:
  Sgd(const OptimizerOptions& options, std::vector<TrainedParameter> parameters)
      : ParameterWalk(options, std::move(parameters)), momentum_(ZerosLikeParameters()) {}

  StateTensors State() const override {
    StateTensors state;
    AddState(momentum_, "momentum", &state);
    return state;
  }

 private:
  void Update(size_t i, at::Tensor& weight, at::Tensor gradient, double rate, double decay) override {
    if (decay != 0) gradient.add_(weight, decay);
    if (options_.form == OptimizerOptions::SgdForm::kCaffe) {
      UpdateCaffe(momentum_[i], weight, gradient, rate);
    } else {
      UpdateTorch(momentum_[i], weight, gradient, rate);
    }
  }

  void UpdateTorch(at::Tensor& velocity, at::Tensor& weight, const at::Tensor& gradient, double rate) const {
    velocity.mul_(options_.momentum).add_(gradient);
    if (!options_.nesterov) {
      weight.add_(velocity, -rate);
    } else {
      weight.add_(gradient, -rate).add_(velocity, -rate * options_.momentum);
    }
  }

  void UpdateCaffe(at::Tensor& velocity, at::Tensor& weight, const at::Tensor& gradient, double rate) const {
    const double mu = options_.momentum;
    if (options_.nesterov) weight.add_(velocity, mu);
    velocity.mul_(mu).add_(gradient, rate);
    weight.sub_(velocity, options_.nesterov ? 1 + mu : 1);
  }

  std::vector<at::Tensor> momentum_;
};

class Adam : public ParameterWalk {
 public:
  Adam(const OptimizerOptions& options, std::vector<TrainedParameter> parameters)
      : ParameterWalk(options, std::move(parameters)),
        first_(ZerosLikeParameters()),
        second_(ZerosLikeParameters()),
        steps_(at::zeros({1}, at::kLong)) {}

  StateTensors State() const override {
    StateTensors state;
    AddState(first_, "first_moment", &state);
    AddState(second_, "second_moment", &state);
    state["steps"] = steps_;
    return state;
  }

 private:
  void BeginStep() override {
    steps_.add_(1);
    const double t = static_cast<double>(steps_.item<int64_t>());
    first_weight_ = 1 - std::pow(options_.beta1, t);
    second_weight_ = 1 - std::pow(options_.beta2, t);
  }

  void Update(size_t i, at::Tensor& weight, at::Tensor gradient, double rate, double decay) override {
    if (decay != 0 && options_.kind == OptimizerOptions::Kind::kAdamW) {
      weight.mul_(1 - rate * decay);
    } else if (decay != 0) {
      gradient.add_(weight, decay);
    }
    first_[i].mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
    second_[i].mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
    const at::Tensor spread = (second_[i] / second_weight_).sqrt_().add_(options_.epsilon);
    weight.addcdiv_(first_[i], spread, -rate / first_weight_);
  }

  std::vector<at::Tensor> first_, second_;
  at::Tensor steps_;  // On the CPU: reading it must not wait for a device.
  double first_weight_ = 1, second_weight_ = 1;
};

}  // namespace

std::unique_ptr<Optimizer> Optimizer::Create(const OptimizerOptions& options,
                                             std::vector<TrainedParameter> parameters) {
  if (options.kind == OptimizerOptions::Kind::kSgd) return std::make_unique<Sgd>(options, std::move(parameters));
  return std::make_unique<Adam>(options, std::move(parameters));
}

Status Optimizer::LoadState(const std::map<std::string, at::Tensor>& state) {
  const at::NoGradGuard no_grad;
  const StateTensors own = State();
  for (const auto& [name, tensor] : state) {
    if (own.count(name) == 0) return Invalid("optimizer state: '" + name + "' belongs to no parameter");
  }
  for (const auto& [name, tensor] : own) {
    const auto found = state.find(name);
    if (found == state.end()) return Invalid("optimizer state: '" + name + "' is missing");
    if (found->second.sizes() != tensor.sizes()) {
      return Invalid("optimizer state: '" + name + "' has another shape than its parameter");
    }
  }
  for (auto& [name, tensor] : own) at::Tensor(tensor).copy_(state.at(name));
  return Ok();
}

}  // namespace lowbit::train
