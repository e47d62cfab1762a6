// Optimizers, learning rates and the loss against closed forms.

#include "lowbit/train/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "lowbit/train/loss.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/schedule.h"

namespace lowbit::train {
namespace {

using Options = OptimizerOptions;
using ::testing::HasSubstr;

// Each quantity passes through a few float operations.
constexpr double kTolerance = 1e-6;

TrainedParameter MakeParameter(double start, ParameterTraits::Role role = ParameterTraits::Role::kWeight) {
  ParameterTraits traits;
  traits.role = role;
  return {"w", at::full({1}, start, at::kFloat).requires_grad_(true), traits};
}

// The weight after steps with these gradients and rates.
double Train(const Options& options, TrainedParameter parameter, const std::vector<double>& gradients,
             const std::vector<double>& rates) {
  const auto optimizer = Optimizer::Create(options, {parameter});
  for (size_t i = 0; i < gradients.size(); ++i) {
    optimizer->ZeroGradients();
    parameter.tensor.mutable_grad() = at::full({1}, gradients[i], at::kFloat);
    optimizer->Step(rates[i]);
  }
  return parameter.tensor.item<double>();
}

const std::vector<double> kGradients = {1, -0.5, 2};
const std::vector<double> kRates = {0.1, 0.1, 0.01};

Options Sgd(double momentum, bool nesterov, Options::SgdForm form, double decay = 0) {
  Options options;
  options.momentum = momentum;
  options.nesterov = nesterov;
  options.form = form;
  options.weight_decay = decay;
  return options;
}

// Gradients 3 and 4 have the norm 5.
TEST(Optimizer, ClipsTheNormOfAllGradientsTogether) {
  for (const double limit : {0.0, 1.0, 10.0}) {
    Options options;
    options.momentum = 0;
    options.clip_norm = limit;
    std::vector<TrainedParameter> all = {MakeParameter(0), MakeParameter(0), MakeParameter(0)};
    const auto optimizer = Optimizer::Create(options, all);
    all[0].tensor.mutable_grad() = at::full({1}, 3.0, at::kFloat);
    all[2].tensor.mutable_grad() = at::full({1}, -4.0, at::kFloat);
    optimizer->Step(1);
    const double factor = limit == 1 ? 0.2 : 1;
    EXPECT_NEAR(all[0].tensor.item<double>(), -3 * factor, kTolerance) << limit;
    EXPECT_EQ(all[1].tensor.item<double>(), 0);
    EXPECT_NEAR(all[2].tensor.item<double>(), 4 * factor, kTolerance) << limit;
  }
}

// One scalar step after the other, as optimizer.h words it.
double ExpectedSgd(const Options& options, double w) {
  double v = 0;
  for (size_t i = 0; i < kGradients.size(); ++i) {
    const double g = kGradients[i] + options.weight_decay * w, lr = kRates[i], mu = options.momentum, old = v;
    if (options.form == Options::SgdForm::kTorch) {
      v = mu * v + g;
      w -= lr * (options.nesterov ? g + mu * v : v);
    } else {
      v = mu * v + lr * g;
      w -= options.nesterov ? (1 + mu) * v - mu * old : v;
    }
  }
  return w;
}

TEST(Sgd, FollowsItsDefinitionInEveryForm) {
  for (const auto form : {Options::SgdForm::kTorch, Options::SgdForm::kCaffe}) {
    for (const bool nesterov : {false, true}) {
      const Options options = Sgd(0.9, nesterov, form, 0.1);
      EXPECT_NEAR(Train(options, MakeParameter(2), kGradients, kRates), ExpectedSgd(options, 2), kTolerance)
          << nesterov << static_cast<int>(form);
    }
  }
}

TEST(Sgd, FormsDifferOnlyWhereTheRateChanges) {
  const std::vector<double> constant(3, 0.1);
  const auto run = [](Options::SgdForm form, const std::vector<double>& rates) {
    return Train(Sgd(0.9, false, form), MakeParameter(2), kGradients, rates);
  };
  EXPECT_NEAR(run(Options::SgdForm::kTorch, constant), run(Options::SgdForm::kCaffe, constant), kTolerance);
  EXPECT_GT(std::fabs(run(Options::SgdForm::kTorch, kRates) - run(Options::SgdForm::kCaffe, kRates)), 1e-3);
}

TEST(Sgd, DecaysWeightsOnlyUnlessAskedAndObeysMultipliers) {
  Options options = Sgd(0, false, Options::SgdForm::kTorch, 0.5);
  TrainedParameter bias = MakeParameter(2, ParameterTraits::Role::kBias);
  EXPECT_NEAR(Train(options, bias, {0}, {0.1}), 2, kTolerance);
  options.decay_scope = DecayScope::kAll;
  EXPECT_NEAR(Train(options, bias, {0}, {0.1}), 2 - 0.1 * 0.5 * 2, kTolerance);
  TrainedParameter scaled = MakeParameter(2);
  scaled.traits.learning_rate_multiplier = 2;
  scaled.traits.decay_multiplier = 0.5;
  EXPECT_NEAR(Train(options, scaled, {1}, {0.1}), 2 - 0.2 * (1 + 0.25 * 2), kTolerance);
}

double ExpectedAdam(const Options& options, double w) {
  double m = 0, v = 0;
  for (size_t i = 0; i < kGradients.size(); ++i) {
    const bool decoupled = options.kind == Options::Kind::kAdamW;
    if (decoupled) w -= kRates[i] * options.weight_decay * w;
    const double g = kGradients[i] + (decoupled ? 0 : options.weight_decay * w), t = static_cast<double>(i + 1);
    m = options.beta1 * m + (1 - options.beta1) * g;
    v = options.beta2 * v + (1 - options.beta2) * g * g;
    w -= kRates[i] * (m / (1 - std::pow(options.beta1, t))) /
         (std::sqrt(v / (1 - std::pow(options.beta2, t))) + options.epsilon);
  }
  return w;
}

TEST(Adam, FollowsItsDefinition) {
  for (const auto kind : {Options::Kind::kAdam, Options::Kind::kAdamW}) {
    Options options;
    options.kind = kind;
    options.weight_decay = 0.1;
    EXPECT_NEAR(Train(options, MakeParameter(2), kGradients, kRates), ExpectedAdam(options, 2), kTolerance);
  }
}

TEST(Optimizer, LeavesParametersWithoutAGradientAlone) {
  TrainedParameter parameter = MakeParameter(2);
  const auto optimizer = Optimizer::Create(Sgd(0.9, false, Options::SgdForm::kTorch, 0.5), {parameter});
  optimizer->Step(0.1);
  EXPECT_EQ(parameter.tensor.item<double>(), 2);
}

// Steps `count` times with gradient 1.
void Advance(Optimizer* optimizer, const TrainedParameter& parameter, int count) {
  for (int i = 0; i < count; ++i) {
    parameter.tensor.mutable_grad() = at::ones({1});
    optimizer->Step(0.1);
  }
}

TEST(Optimizer, AnotherOneContinuesFromTheStateBitForBit) {
  for (const auto kind : {Options::Kind::kSgd, Options::Kind::kAdam}) {
    Options options;
    options.kind = kind;
    const TrainedParameter first = MakeParameter(2);
    const auto original = Optimizer::Create(options, {first});
    Advance(original.get(), first, 2);
    const TrainedParameter second = MakeParameter(first.tensor.item<double>());
    const auto resumed = Optimizer::Create(options, {second});
    ASSERT_TRUE(resumed->LoadState(original->State()).ok());
    Advance(original.get(), first, 2);
    Advance(resumed.get(), second, 2);
    EXPECT_TRUE(first.tensor.equal(second.tensor));
    original->Reset();
    for (const auto& [name, tensor] : original->State()) EXPECT_EQ(tensor.count_nonzero().item<int64_t>(), 0) << name;
  }
}

TEST(Optimizer, RefusesAStateThatDoesNotFit) {
  const auto optimizer = Optimizer::Create({}, {MakeParameter(2)});
  auto state = optimizer->State();
  EXPECT_THAT(optimizer->LoadState({}).error().message, HasSubstr("'w/momentum' is missing"));
  state["v/momentum"] = at::zeros({1});
  EXPECT_THAT(optimizer->LoadState(state).error().message, HasSubstr("'v/momentum' belongs to no parameter"));
  EXPECT_THAT(optimizer->LoadState({{"w/momentum", at::zeros({2})}}).error().message, HasSubstr("another shape"));
}

LearningRate Rate(LearningRate::Kind kind) {
  LearningRate rate;
  rate.kind = kind;
  rate.peak = 0.5;
  rate.iterations = 100;
  rate.every = 30;
  rate.milestones = {40, 80};
  return rate;
}

TEST(LearningRate, OfEachKind) {
  using Kind = LearningRate::Kind;
  EXPECT_EQ(Rate(Kind::kConstant).At(77), 0.5);
  EXPECT_NEAR(Rate(Kind::kStep).At(29), 0.5, 1e-12);
  EXPECT_NEAR(Rate(Kind::kStep).At(30), 0.05, 1e-12);
  EXPECT_NEAR(Rate(Kind::kStep).At(90), 0.0005, 1e-12);
  EXPECT_NEAR(Rate(Kind::kMultiStep).At(39), 0.5, 1e-12);
  EXPECT_NEAR(Rate(Kind::kMultiStep).At(40), 0.05, 1e-12);
  EXPECT_NEAR(Rate(Kind::kMultiStep).At(80), 0.005, 1e-12);
  EXPECT_NEAR(Rate(Kind::kCosine).At(0), 0.5, 1e-12);
  EXPECT_NEAR(Rate(Kind::kCosine).At(50), 0.25, 1e-12);
  EXPECT_NEAR(Rate(Kind::kCosine).At(1000), 0, 1e-12);
  LearningRate cycle = Rate(Kind::kOneCycle);
  cycle.start = 0.1;
  cycle.final = 0.02;
  EXPECT_NEAR(cycle.At(0), 0.1, 1e-12);
  EXPECT_NEAR(cycle.At(15), 0.3, 1e-12);
  EXPECT_NEAR(cycle.At(30), 0.5, 1e-12);
  EXPECT_NEAR(cycle.At(100), 0.02, 1e-12);
}

TEST(LearningRate, WarmsUpLinearly) {
  LearningRate rate = Rate(LearningRate::Kind::kCosine);
  rate.warmup = 4;
  EXPECT_NEAR(rate.At(0), 0.1, 1e-12);
  EXPECT_NEAR(rate.At(3), 0.4, 1e-12);
  EXPECT_NEAR(rate.At(4), 0.5, 1e-12);
  EXPECT_NEAR(rate.At(52), 0.25, 1e-12);  // Half of the 96 iterations that remain.
  rate.warmup_start = 0.5;
  EXPECT_NEAR(rate.At(0), 0.3, 1e-12);
}

TEST(CrossEntropy, SmoothsTheTarget) {
  const at::Tensor logits = at::tensor({1.0, 2.0, 0.5, -1.0, 0.0, 3.0}).view({2, 3});
  const at::Tensor labels = at::tensor({1, 0}, at::kLong);
  double expected = 0;
  for (int64_t row = 0; row < 2; ++row) {
    double sum = 0;
    for (int64_t k = 0; k < 3; ++k) sum += std::exp(logits[row][k].item<double>());
    for (int64_t k = 0; k < 3; ++k) {
      const double target = (k == labels[row].item<int64_t>() ? 0.7 : 0.0) + 0.1;
      expected -= target * (logits[row][k].item<double>() - std::log(sum)) / 2;
    }
  }
  EXPECT_NEAR(CrossEntropy(logits, labels, 0.3).item<double>(), expected, kTolerance);
}

}  // namespace
}  // namespace lowbit::train
