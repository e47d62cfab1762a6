// The tensors of SLB against their definition in doubles, and a layer's weights through their life. Golden values: spec.md of
// quant/methods/slb.

#include "lowbit/quant/methods/slb/slb.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "lowbit/train/method.h"
#include "lowbit/train/method_plan.h"
#include "lowbit/train/methods/slb/expectation.h"
#include "lowbit/train/optimizer.h"

namespace lowbit::train::methods::slb {
namespace {

namespace definition = quant::methods::slb;

at::Tensor Doubles(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }

at::Tensor Values(int bits) { return Doubles(definition::Levels(bits)) * definition::LevelScale(bits); }

at::Tensor Normal(at::IntArrayRef shape, uint64_t seed) {
  torch::manual_seed(seed);
  return at::randn(shape, at::kDouble);
}

std::vector<double> Column(const at::Tensor& matrix, int64_t i) {
  const at::Tensor column = matrix.select(1, i).contiguous();
  return {column.data_ptr<double>(), column.data_ptr<double>() + column.numel()};
}

// Of more weights than a slice holds.
TEST(Expectation, AgreesWithItsDefinition) {
  for (const int bits : {1, 2, 3, 4}) {
    const int64_t n = kSliceElements / (1 << bits) + 37;
    at::Tensor logits = Normal({1 << bits, n}, 3).requires_grad_(true);
    at::Tensor values = (Values(bits) + 0.1 * Normal({1 << bits}, 4)).requires_grad_(true);
    const std::vector<double> v(values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
    const at::Tensor upstream = Normal({n}, 5);
    const at::Tensor result = Expectation(logits, values, 7);
    (result * upstream).sum().backward();
    at::Tensor of_values = at::zeros_like(values.detach());
    for (int64_t i = 0; i < n; ++i) {
      const std::vector<double> column = Column(logits.detach(), i);
      of_values += Doubles(definition::Probabilities(column, 7)) * upstream[i];
      if (i % 97 != 0 && i + 50 < n) continue;
      EXPECT_NEAR(result[i].item<double>(), definition::Expectation(column, v, 7), 1e-12);
      const at::Tensor expected = Doubles(definition::Gradient(column, v, 7)) * upstream[i];
      EXPECT_TRUE(logits.grad().select(1, i).allclose(expected, 1e-10, 1e-12)) << bits << " " << i;
    }
    EXPECT_TRUE(values.grad().allclose(of_values, 1e-10, 1e-10)) << bits;
  }
}

TEST(Expectation, IsFiniteAtAnyTemperature) {
  at::Tensor logits = (Normal({4, 1000}, 6).clamp_(-3, 3)).to(at::kFloat);
  logits.select(1, 0).copy_(at::tensor({1.f, 1.f, -1.f, -1.f}));  // A tie.
  logits.requires_grad_(true);
  const at::Tensor result = Expectation(logits, Values(2).to(at::kFloat), 4e7);
  result.sum().backward();
  EXPECT_TRUE(result.isfinite().all().item<bool>());
  EXPECT_TRUE(logits.grad().isfinite().all().item<bool>());
  EXPECT_NEAR(result[0].item<double>(), -2. / 3, 1e-6);
  EXPECT_GT(logits.grad().select(1, 0).abs().max().item<double>(), 1e6);
  EXPECT_EQ(logits.grad().slice(1, 1).abs().max().item<double>(), 0);
}

TEST(Expectation, KeepsNoProbabilities) {
  at::Tensor logits = Normal({16, 10}, 1).requires_grad_(true);
  const at::Tensor result = Expectation(logits, Values(4), 2);
  // What stands between the result and the logits is one node, which holds logits, values and result.
  ASSERT_EQ(result.grad_fn()->num_inputs(), 1u);
  EXPECT_TRUE(result.grad_fn()->next_edge(0).function->name().find("AccumulateGrad") != std::string::npos);
}

Config Word(const std::string& text) { return {text, ""}; }
Config Number(double value) { return {value, ""}; }

std::unique_ptr<WeightMethod> Make(const at::Tensor& weight, ConfigTable options, uint64_t seed = 1) {
  const ConfigTable section = {{"method", Word("slb")}, {"slb", Config{std::move(options), ""}}};
  ParameterTraits traits;
  traits.role = ParameterTraits::Role::kWeight;
  return ReadQuantizeSection(Config{section, ""}).value().make({"c", "c.weight", weight.clone(), traits, seed});
}

Config Bits(int64_t bits) { return {bits, ""}; }

StepContext At(double progress) {
  StepContext context;
  context.progress = progress;
  return context;
}

at::Tensor Trained(const WeightMethod& method, size_t i = 0) { return method.Parameters().at(i).tensor; }

double Rms(const at::Tensor& tensor) { return tensor.detach().to(at::kDouble).square().mean().sqrt().item<double>(); }

TEST(SlbWeight, StartsWithTheSpecifiedSpread) {
  struct Golden {
    int64_t bits;
    double continuous, discrete;
  };
  for (const Golden& g : {Golden{1, .0207, 1}, Golden{2, .0078, .745}, Golden{4, .0016, .615}}) {
    const auto method = Make(at::zeros({128, 128, 3, 3}), {{"bits", Bits(g.bits)}});
    const at::Tensor logits = Trained(*method);
    const double m = static_cast<double>(1 << g.bits), deviation = std::sqrt(2 / (128 * 9 * m));
    EXPECT_EQ(logits.sizes().vec(), (std::vector<int64_t>{1 << g.bits, 128 * 128 * 9}));
    EXPECT_NEAR(Rms(logits), deviation, 0.02 * deviation);
    // T is 1. The golden values have two or three digits.
    EXPECT_NEAR(Rms(method->Effective(Mode::kTrain, At(0))), g.continuous, 0.03 * g.continuous) << g.bits;
    EXPECT_NEAR(Rms(method->Effective(Mode::kEval, At(0))), g.discrete, 0.01 * g.discrete) << g.bits;
  }
}

TEST(SlbWeight, StartDependsOnSeedAndNameOnly) {
  const at::Tensor weight = at::zeros({4, 5});
  const at::Tensor one = Trained(*Make(weight, {}, 1)), same = Trained(*Make(weight, {}, 1));
  EXPECT_TRUE(one.equal(same));
  EXPECT_FALSE(one.equal(Trained(*Make(weight, {}, 2))));
}

std::vector<ConfigTable> Variants() {
  std::vector<ConfigTable> variants;
  for (int64_t bits = 1; bits <= 4; ++bits) {
    variants.push_back({{"bits", Bits(bits)}});
    variants.push_back({{"bits", Bits(bits)}, {"scale", Word("channel")}, {"init", Word("weights")}});
    variants.push_back({{"bits", Bits(bits)}, {"learn_values", Config{true, ""}}});
  }
  return variants;
}

TEST(SlbWeight, EvaluationUsesTheFrozenWeightsBitForBit) {
  for (const ConfigTable& options : Variants()) {
    const auto method = Make(Normal({6, 3, 3, 3}, 2).to(at::kFloat), options);
    {
      const at::NoGradGuard no_grad;
      for (const TrainedParameter& parameter : method->Parameters()) at::Tensor(parameter.tensor).mul_(1.37f);
    }
    const QTensor frozen = method->Freeze();
    ASSERT_TRUE(Validate(frozen).ok());
    const FloatTensor expected = Dequantize(frozen);
    const at::Tensor effective = method->Effective(Mode::kEval, At(0.1)).detach();
    EXPECT_EQ(effective.sizes().vec(), frozen.shape);
    EXPECT_TRUE(effective.equal(at::tensor(expected.data).view(frozen.shape)));
    EXPECT_TRUE(effective.equal(method->Effective(Mode::kEstimate, At(0.1)).detach()));
    EXPECT_LE(frozen.values.Count(), 16);
  }
}

TEST(SlbWeight, StatesMeetAtAHighTemperature) {
  for (ConfigTable options : Variants()) {
    options["end"] = Number(1e7), options["hard"] = Config{false, ""};
    const auto method = Make(Normal({6, 20}, 2).to(at::kFloat), options);
    const at::Tensor continuous = method->Effective(Mode::kTrain, At(1)).detach();
    EXPECT_TRUE(continuous.allclose(method->Effective(Mode::kEval, At(1)).detach(), 1e-5, 1e-7));
    EXPECT_LT(method->Statistics().error, 1e-5);
  }
}

TEST(SlbWeight, TrainsLogitsUntilTheRiseIsOver) {
  const auto method = Make(Normal({6, 20}, 2).to(at::kFloat), {{"learn_values", Config{true, ""}}});
  method->Effective(Mode::kTrain, At(0.5)).sin().sum().backward();
  EXPECT_GT(Trained(*method).grad().abs().max().item<double>(), 0);
  EXPECT_GT(Trained(*method, 1).grad().abs().max().item<double>(), 0);
  for (const TrainedParameter& parameter : method->Parameters()) at::Tensor(parameter.tensor).mutable_grad().reset();
  const at::Tensor hard = method->Effective(Mode::kTrain, At(0.9));
  EXPECT_TRUE(hard.equal(method->Effective(Mode::kEval, At(0.9))));
  hard.sum().backward();
  EXPECT_FALSE(Trained(*method).grad().defined());
  // Each value's gradient is the number of weights that chose it.
  EXPECT_EQ(Trained(*method, 1).grad().sum().item<double>(), 120);
  EXPECT_EQ(method->Statistics().error, 0);
}

TEST(SlbWeight, WithoutHardTheLogitsTrainToTheEnd) {
  const auto method = Make(Normal({6, 20}, 2).to(at::kFloat), {{"hard", Config{false, ""}}});
  const at::Tensor last = method->Effective(Mode::kTrain, At(1));
  EXPECT_TRUE(last.requires_grad());
  EXPECT_FALSE(last.equal(method->Effective(Mode::kEval, At(1))));
}

TEST(SlbWeight, EvaluatesTheContinuousStateOnRequest) {
  const auto method = Make(Normal({6, 20}, 2).to(at::kFloat), {});
  StepContext context = At(.5);
  const at::Tensor trained = method->Effective(Mode::kTrain, context).detach();
  context.evaluate_hybrid = true;
  EXPECT_TRUE(method->Effective(Mode::kEval, context).detach().equal(trained));
}

TEST(SlbWeight, ParametersHaveTheirRates) {
  const auto method = Make(at::zeros({2, 3}), {{"bits", Bits(2)},
                                               {"learn_values", Config{true, ""}},
                                               {"scale", Word("channel")},
                                               {"logit_rate", Number(3)},
                                               {"logit_decay", Number(.5)}});
  const std::vector<TrainedParameter> parameters = method->Parameters();
  ASSERT_EQ(parameters.size(), 3u);
  EXPECT_EQ(parameters[0].name, "c.weight/logits");
  EXPECT_EQ(parameters[0].traits.learning_rate_multiplier, 3);
  EXPECT_EQ(parameters[0].traits.decay_multiplier, .5);
  EXPECT_EQ(parameters[1].name, "c.weight/values");
  EXPECT_TRUE(parameters[1].tensor.allclose(at::tensor({-1.f, -1 / 3.f, 1 / 3.f, 1.f})));  // They start as V.
  EXPECT_EQ(parameters[2].name, "c.weight/scale");
  for (size_t i : {1, 2}) {
    EXPECT_EQ(parameters[i].traits.learning_rate_multiplier, 1);
    EXPECT_EQ(parameters[i].traits.decay_multiplier, 0);
  }
}

TEST(SlbWeight, BuffersCarryTheTemperatureThroughACheckpoint) {
  const auto method = Make(Normal({6, 20}, 2).to(at::kFloat), {}), resumed = Make(at::zeros({6, 20}), {});
  method->Effective(Mode::kTrain, At(0.7));
  const at::NoGradGuard no_grad;
  auto buffers = resumed->Buffers();
  for (const auto& [name, tensor] : method->Buffers()) buffers.at(name).copy_(tensor);
  Trained(*resumed).copy_(Trained(*method));
  EXPECT_TRUE(resumed->Master().equal(method->Master()));
  EXPECT_TRUE(method->Master().equal(method->Effective(Mode::kTrain, At(0.7))));
}

// Epochs are counted from 0 in a step, from 1 in the released rule.
TEST(SlbWeight, TheReleasedRuleCountsEpochsFromOne) {
  const auto method = Make(at::zeros({1, 2}), {{"schedule", Word("factor")}, {"factor", Number(2)}});
  for (const auto& [epoch, temperature] : {std::pair<int64_t, double>{0, 1}, {2, 1}, {3, 2}, {8, 64}, {9, 64}}) {
    StepContext context;
    context.epoch = epoch, context.epochs = 10;
    method->Effective(Mode::kTrain, context);
    EXPECT_EQ(method->Statistics().details.at("temperature"), temperature) << epoch;
    EXPECT_EQ(method->Effective(Mode::kTrain, context).requires_grad(), epoch < 9) << epoch;
  }
}

TEST(SlbWeight, ReportsTheLargestProbability) {
  const auto method = Make(at::zeros({1, 2}), {{"bits", Bits(2)}});
  const at::NoGradGuard no_grad;
  Trained(*method).copy_(at::tensor({.1f, 0.f, -.2f, 0.f, .3f, 0.f, .05f, 0.f}).view({4, 2}));
  const auto details = method->Statistics().details;
  EXPECT_EQ(details.at("temperature"), 1);
  EXPECT_NEAR(details.at("top_probability"), (.31210380 + .25) / 2, 1e-7);
}

TEST(SlbWeight, WarmStartPrefersTheNearestValue) {
  const at::Tensor weight = Normal({6, 3, 3, 3}, 2).to(at::kFloat).mul_(0.05);
  for (int64_t bits = 1; bits <= 4; ++bits) {
    const ConfigTable options = {{"bits", Bits(bits)}, {"scale", Word("channel")}, {"init", Word("weights")}};
    const auto scalar = quant::CreateQuantizer("slb", Config{ConfigTable{{"bits", Bits(bits)}}, ""}).value();
    const std::vector<float> flat(weight.data_ptr<float>(), weight.data_ptr<float>() + weight.numel());
    const QTensor expected = scalar->Quantize(flat, weight.sizes().vec()), got = Make(weight, options)->Freeze();
    EXPECT_EQ(got.codes, expected.codes);
    EXPECT_TRUE(got.values == expected.values);
    // The factor of a row is rounded to float before and after it takes in the unit of the levels.
    for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(got.scales[i], expected.scales[i], 2e-7f * expected.scales[i]);
  }
}

TEST(SlbWeight, ChannelScaleStartsBalanced) {
  const auto method = Make(at::zeros({64, 64, 3, 3}), {{"bits", Bits(2)}, {"scale", Word("channel")}});
  EXPECT_NEAR(Rms(method->Effective(Mode::kEval, At(0))), std::sqrt(2. / 576), 0.01 * std::sqrt(2. / 576));
}

// Share of the codes that y = w x leaves no doubt about and that the search finds.
double RecoveredShare(int64_t samples, int64_t bits) {
  const int64_t inputs = 64, count = 1 << bits;
  torch::manual_seed(11);
  const at::Tensor codes = at::randint(count, {1, inputs}, at::kLong);
  const at::Tensor target =
      Values(static_cast<int>(bits)).to(at::kFloat).index_select(0, codes.flatten()).view({1, inputs});
  const at::Tensor x = at::randn({samples, inputs}), y = x.matmul(target.t());
  const auto method = Make(at::zeros({1, inputs}), {{"bits", Bits(bits)}, {"from", Number(0)}, {"end", Number(100)}});
  OptimizerOptions options;
  options.kind = OptimizerOptions::Kind::kAdam;
  const auto optimizer = Optimizer::Create(options, method->Parameters());
  constexpr int kSteps = 600;
  for (int step = 0; step < kSteps; ++step) {
    const at::Tensor weight = method->Effective(Mode::kTrain, At(step / static_cast<double>(kSteps)));
    optimizer->ZeroGradients();
    if (weight.requires_grad()) (x.matmul(weight.t()) - y).square().mean().backward();
    optimizer->Step(0.1);
  }
  const QTensor found = method->Freeze();
  const at::Tensor read = at::tensor(std::vector<int64_t>(found.codes.begin(), found.codes.end()));
  return read.eq(codes.flatten()).to(at::kDouble).mean().item<double>();
}

TEST(SlbWeight, RecoversWeightsThatAreAmongItsValues) {
  EXPECT_GE(RecoveredShare(256, 1), 0.99);
  EXPECT_GE(RecoveredShare(256, 2), 0.99);
  RecoveredShare(16, 1);  // Fewer samples than weights: nothing to recover, and nothing that fails.
}

}  // namespace
}  // namespace lowbit::train::methods::slb
