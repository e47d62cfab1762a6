#include "lowbit/train/optimizer.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/train/parameter.h"

namespace lowbit::train {
namespace {

using StateTensors = std::map<std::string, at::Tensor>;

bool Decays(const TrainedParameter& parameter, DecayScope scope) {
  return scope == DecayScope::kAll || parameter.traits.role == ParameterTraits::Role::kWeight;
}

// Parameters that a step treats alike.
struct Alike {
  std::vector<size_t> indices;
  std::vector<at::Tensor> weights, gradients;  // The gradients may be overwritten.
  double rate = 0, decay = 0;

  // Those of these parameters.
  std::vector<at::Tensor> Of(const std::vector<at::Tensor>& all) const {
    std::vector<at::Tensor> some;
    for (const size_t i : indices) some.push_back(all[i]);
    return some;
  }
};

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
    if (options_.clip_norm > 0) ClipGradients();
    BeginStep();
    for (const Alike& alike : Grouped(learning_rate)) Update(alike);
  }

  void Reset() override {
    const at::NoGradGuard no_grad;
    for (auto& [name, tensor] : State()) tensor.zero_();
  }

 protected:
  virtual void BeginStep() {}
  virtual void Update(const Alike& alike) = 0;

  std::vector<at::Tensor> ZerosLikeParameters() const {
    std::vector<at::Tensor> zeros;
    for (const TrainedParameter& parameter : parameters_) zeros.push_back(at::zeros_like(parameter.tensor.detach()));
    return zeros;
  }

  void AddState(const std::vector<at::Tensor>& tensors, const std::string& word, StateTensors* state) const;

  const OptimizerOptions options_;
  std::vector<TrainedParameter> parameters_;

 private:
  std::vector<Alike> Grouped(double learning_rate) const;

  void ClipGradients() {
    double squares = 0;
    for (const TrainedParameter& parameter : parameters_) {
      if (!parameter.tensor.grad().defined()) continue;
      const double norm = parameter.tensor.grad().norm().item<double>();
      squares += norm * norm;
    }
    const double norm = std::sqrt(squares);
    if (!(norm > options_.clip_norm)) return;
    for (TrainedParameter& parameter : parameters_) {
      if (parameter.tensor.grad().defined()) parameter.tensor.mutable_grad().mul_(options_.clip_norm / norm);
    }
  }
};

// On a GPU all that share rate and decay, so that one launch serves them; on the CPU each for itself, whose numbers then
// stay in the cache from one operation to the next.
std::vector<Alike> ParameterWalk::Grouped(double learning_rate) const {
  std::vector<Alike> groups;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const TrainedParameter& parameter = parameters_[i];
    if (!parameter.tensor.grad().defined()) continue;
    const double rate = learning_rate * parameter.traits.learning_rate_multiplier;
    const double decay =
        Decays(parameter, options_.decay_scope) ? options_.weight_decay * parameter.traits.decay_multiplier : 0.0;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Alike& other) {
      return !parameter.tensor.is_cpu() && other.rate == rate && other.decay == decay;
    });
    if (group == groups.end()) group = groups.insert(group, {{}, {}, {}, rate, decay});
    group->indices.push_back(i);
    group->weights.push_back(parameter.tensor);
    group->gradients.push_back(parameter.tensor.grad());
  }
  return groups;
}

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
  void Update(const Alike& alike) override {
    if (alike.decay != 0) at::_foreach_add_(alike.gradients, alike.weights, alike.decay);
    const std::vector<at::Tensor> velocity = alike.Of(momentum_);
    if (options_.form == OptimizerOptions::SgdForm::kCaffe) {
      UpdateCaffe(alike, velocity);
    } else {
      UpdateTorch(alike, velocity);
    }
  }

  void UpdateTorch(const Alike& alike, const std::vector<at::Tensor>& velocity) const {
    at::_foreach_mul_(velocity, options_.momentum);
    at::_foreach_add_(velocity, alike.gradients);
    if (options_.nesterov) at::_foreach_add_(alike.weights, alike.gradients, -alike.rate);
    at::_foreach_add_(alike.weights, velocity, options_.nesterov ? -alike.rate * options_.momentum : -alike.rate);
  }

  void UpdateCaffe(const Alike& alike, const std::vector<at::Tensor>& velocity) const {
    const double mu = options_.momentum;
    if (options_.nesterov) at::_foreach_add_(alike.weights, velocity, mu);
    at::_foreach_mul_(velocity, mu);
    at::_foreach_add_(velocity, alike.gradients, alike.rate);
    at::_foreach_sub_(alike.weights, velocity, options_.nesterov ? 1 + mu : 1);
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

  void Update(const Alike& alike) override {
    if (alike.decay != 0 && options_.kind == OptimizerOptions::Kind::kAdamW) {
      at::_foreach_mul_(alike.weights, 1 - alike.rate * alike.decay);
    } else if (alike.decay != 0) {
      at::_foreach_add_(alike.gradients, alike.weights, alike.decay);
    }
    const std::vector<at::Tensor> first = alike.Of(first_), second = alike.Of(second_);
    at::_foreach_mul_(first, options_.beta1);
    at::_foreach_add_(first, alike.gradients, 1 - options_.beta1);
    at::_foreach_mul_(second, options_.beta2);
    at::_foreach_addcmul_(second, alike.gradients, alike.gradients, 1 - options_.beta2);
    const std::vector<at::Tensor> spread = at::_foreach_div(second, second_weight_);
    at::_foreach_sqrt_(spread);
    at::_foreach_add_(spread, options_.epsilon);
    at::_foreach_addcdiv_(alike.weights, first, spread, -alike.rate / first_weight_);
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
