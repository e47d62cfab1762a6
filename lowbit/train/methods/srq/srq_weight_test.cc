// A layer's weights under SRQ, RQ and DropBits through their life. Golden values: quant/methods/srq/spec.md.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "lowbit/base/random.h"
#include "lowbit/quant/methods/srq/hard_concrete.h"
#include "lowbit/train/method.h"
#include "lowbit/train/method_plan.h"
#include "lowbit/train/methods/srq/test_srq.h"
#include "lowbit/train/optimizer.h"

namespace lowbit::train::methods::srq {
namespace {

Config Text(const std::string& text) { return {text, ""}; }
Config Number(double value) { return {value, ""}; }
Config Whole(int64_t value) { return {value, ""}; }
const Config kYes = {true, ""}, kNo = {false, ""};

std::unique_ptr<WeightMethod> Make(const at::Tensor& weight, ConfigTable options, uint64_t seed = 1) {
  const ConfigTable section = {{"method", Text("srq")}, {"srq", Config{std::move(options), ""}}};
  ParameterTraits traits;
  traits.role = ParameterTraits::Role::kWeight;
  return ReadQuantizeSection(Config{section, ""}).value().make({"c", "c.weight", weight.clone(), traits, seed});
}

at::Tensor Normal(at::IntArrayRef shape, uint64_t seed) {
  torch::manual_seed(seed);
  return at::randn(shape);
}

StepContext Step(int64_t iteration, int64_t epoch = 0, double progress = 0) {
  StepContext context;
  context.seed = 5;
  context.iteration = iteration;
  context.epoch = epoch;
  context.progress = progress;
  return context;
}

at::Tensor Find(const WeightMethod& method, const std::string& word) {
  for (const TrainedParameter& parameter : method.Parameters()) {
    if (parameter.name == "c.weight" + word) return parameter.tensor;
  }
  ADD_FAILURE() << word;
  return {};
}

TEST(SrqWeight, StartsAsItsQuantizer) {
  for (const int64_t bits : {2, 3, 4, 8}) {
    for (const char* endpoint : {"inclusive", "exclusive"}) {
      const ConfigTable options = {{"bits", Whole(bits)}, {"endpoint", Text(endpoint)}};
      const at::Tensor weight = Normal({16, 8, 3, 3}, 1);
      const auto scalar = quant::CreateQuantizer("srq", Config{options, ""}).value();
      const std::vector<float> flat(weight.data_ptr<float>(), weight.data_ptr<float>() + weight.numel());
      const QTensor expected = scalar->Quantize(flat, weight.sizes().vec()), got = Make(weight, options)->Freeze();
      ASSERT_TRUE(Validate(got).ok());
      EXPECT_EQ(got.codes, expected.codes);
      EXPECT_TRUE(got.values == expected.values);
      EXPECT_EQ(got.scales, expected.scales);
    }
  }
}

TEST(SrqWeight, WithoutMasksTrainingUsesTheFrozenWeights) {
  const auto method = Make(Normal({6, 20}, 2), {{"bits", Whole(3)}});
  {
    const at::NoGradGuard no_grad;
    Find(*method, "/log_step").fill_(0.3f);
  }
  const at::Tensor train = method->Effective(Mode::kTrain, Step(1)), eval = method->Effective(Mode::kEval, Step(1));
  EXPECT_TRUE(train.equal(eval));
  EXPECT_TRUE(eval.equal(at::tensor(Dequantize(method->Freeze()).data).view({6, 20})));
  train.sum().backward();
  for (const TrainedParameter& parameter : method->Parameters()) {
    EXPECT_NE(parameter.tensor.grad().abs().sum().item<double>(), 0) << parameter.name;
  }
}

// Step and noise are start * exp(parameter); the parameters' gradients are scaled by 1 / sqrt(weights * largest code).
TEST(SrqWeight, ScalesMoveInProportion) {
  const at::Tensor weight = Normal({6, 20}, 2);
  const auto method = Make(weight, {{"bits", Whole(3)}});
  const double start = method->Freeze().scales[0];
  {
    const at::NoGradGuard no_grad;
    Find(*method, "/log_step").fill_(.3f);
    Find(*method, "/log_noise").fill_(.1f);
  }
  const double step = start * std::exp(.3), noise = start / 3 * std::exp(.1), g = 1 / std::sqrt(120. * 3);
  EXPECT_NEAR(method->Freeze().scales[0], step, 1e-6 * step);
  EXPECT_NEAR(method->Statistics().details.at("step_drift"), std::exp(.3), 1e-6);
  EXPECT_NEAR(method->Statistics().details.at("noise"), noise / step, 1e-6);
  method->Effective(Mode::kTrain, Step(1)).sum().backward();
  std::vector<double> x(weight.data_ptr<float>(), weight.data_ptr<float>() + 120);
  const Outcome expected = OutcomeOf(x, Grid(3, step, noise), Plan(Grid(3)));
  EXPECT_NEAR(Find(*method, "/log_step").grad().item<double>(), expected.of_step * step * g, 1e-4);
  EXPECT_NEAR(Find(*method, "/log_noise").grad().item<double>(), expected.of_noise * noise * g, 1e-4);
}

TEST(SrqWeight, TheNoiseStaysInItsBounds) {
  for (const auto& [parameter, ratio] : {std::pair<float, double>{9, 3}, {-9, .02}}) {
    const auto method = Make(Normal({6, 20}, 2), {});
    {
      const at::NoGradGuard no_grad;
      Find(*method, "/log_step").fill_(.5f);
      Find(*method, "/log_noise").fill_(parameter);
    }
    method->Effective(Mode::kTrain, Step(1));
    EXPECT_NEAR(method->Statistics().details.at("noise"), ratio, 1e-5 * ratio);
  }
}

TEST(SrqWeight, ScalesAndMasksHaveTheirRatesAndNoDecay) {
  const auto method =
      Make(Normal({6, 20}, 2), {{"dropbits", kYes}, {"scale_rate", Number(.5)}, {"mask_rate", Number(3)}});
  std::map<std::string, ParameterTraits> traits;
  for (const TrainedParameter& parameter : method->Parameters()) traits[parameter.name] = parameter.traits;
  EXPECT_EQ(traits.at("c.weight/log_step").learning_rate_multiplier, .5);
  EXPECT_EQ(traits.at("c.weight/log_noise").learning_rate_multiplier, .5);
  EXPECT_EQ(traits.at("c.weight/mask_logits").learning_rate_multiplier, 3);
  for (const auto& [name, of_parameter] : traits) {
    EXPECT_EQ(of_parameter.decay_multiplier, name == "c.weight" ? 1 : 0) << name;
  }
}

// 20000 weights of 0.3 on a grid of step 1: shares within four standard deviations of the probabilities.
TEST(SrqWeight, SamplesFollowTheProbabilities) {
  at::Tensor weight = at::full({1, 20000}, .3f);
  weight[0][0] = 4;
  const auto method = Make(weight, {{"bits", Whole(3)}, {"variant", Text("rq_st")}, {"step_start", Text("max")}});
  const at::Tensor sample = method->Effective(Mode::kTrain, Step(1)).detach();
  const LogisticGrid grid = Grid(3);
  for (int code = grid.low; code <= grid.high; ++code) {
    const double share = sample.eq(code).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(share, grid.Probabilities(.3)[static_cast<size_t>(code - grid.low)], .014) << code;
  }
}

TEST(SrqWeight, OnlySamplesAreGridPoints) {
  for (const bool samples : {true, false}) {
    const auto method = Make(Normal({6, 20}, 2), {{"bits", Whole(3)}, {"variant", Text(samples ? "rq_st" : "rq")}});
    const at::Tensor codes = method->Effective(Mode::kTrain, Step(1)).detach() / method->Freeze().scales[0];
    EXPECT_EQ((codes - codes.round()).abs().max().item<double>() < 1e-5, samples);
  }
}

TEST(SrqWeight, RelaxedVariantsAreDrawnFromTheirCounters) {
  for (const char* variant : {"rq", "rq_st"}) {
    const ConfigTable options = {{"bits", Whole(3)}, {"variant", Text(variant)}};
    const at::Tensor weight = Normal({6, 20}, 2);
    const auto method = Make(weight, options);
    const at::Tensor once = method->Effective(Mode::kTrain, Step(1)).detach();
    EXPECT_TRUE(once.equal(Make(weight, options)->Effective(Mode::kTrain, Step(1)).detach()));
    EXPECT_FALSE(once.equal(method->Effective(Mode::kTrain, Step(2)).detach()));
    EXPECT_TRUE(
        method->Effective(Mode::kEval, Step(1)).equal(Make(weight, {{"bits", Whole(3)}})->Effective(Mode::kEval, {})));
    method->Effective(Mode::kTrain, Step(1)).sin().sum().backward();
    EXPECT_GT(Find(*method, "").grad().abs().min().item<double>(), 0);
  }
}

TEST(DropBits, DrawsOneMaskForALayerAndEvaluatesWithoutNoise) {
  const at::Tensor weight = Normal({16, 40}, 2);
  const ConfigTable options = {{"bits", Whole(4)}, {"dropbits", kYes}, {"keep", Number(0.5)}};
  const auto method = Make(weight, options), other = Make(weight, options);
  const at::Tensor eval = method->Effective(Mode::kEval, Step(0)).detach();
  EXPECT_TRUE(eval.equal(Make(weight, {{"bits", Whole(4)}})->Effective(Mode::kEval, {})));
  int changed = 0;
  for (int64_t i = 0; i < 20; ++i) {
    const at::Tensor train = method->Effective(Mode::kTrain, Step(i)).detach();
    EXPECT_TRUE(train.equal(other->Effective(Mode::kTrain, Step(i)).detach()));
    // Whatever was dropped, small weights keep their points.
    const at::Tensor inner = eval.abs().le(method->Freeze().scales[0] * 1.01);
    EXPECT_TRUE(train.masked_select(inner).equal(eval.masked_select(inner)));
    changed += !train.equal(eval);
  }
  EXPECT_GT(changed, 5);
  EXPECT_LT(changed, 20);
}

void SetMasks(WeightMethod* method, const std::vector<float>& logits) {
  const at::NoGradGuard no_grad;
  Find(*method, "/mask_logits").copy_(at::tensor(logits));
}

TEST(DropBits, ReadsTheLearnedWidth) {
  const at::Tensor weight = Normal({16, 40}, 2);
  struct Golden {
    std::vector<float> logits;
    bool nested;
    double bits;
    ValueSet values;
  };
  for (const Golden& g :
       {Golden{{5, 5}, true, 4, ValueSet::Affine(4, 8)}, Golden{{5, -5}, true, 3, ValueSet::Affine(3, 4)},
        Golden{{-5, -5}, true, 2, ValueSet::Ternary()}, Golden{{-5, 5}, true, 2, ValueSet::Ternary()},
        Golden{{-5, 5}, false, 4, ValueSet::Affine(4, 8)}}) {
    const auto method = Make(weight, {{"dropbits", kYes}, {"nested", g.nested ? kYes : kNo}});
    SetMasks(method.get(), g.logits);
    EXPECT_EQ(method->Statistics().details.at("bits"), g.bits);
    const QTensor frozen = method->Freeze();
    ASSERT_TRUE(Validate(frozen).ok());
    EXPECT_TRUE(frozen.values == g.values);
    const at::Tensor expected = at::tensor(Dequantize(frozen).data).view({16, 40});
    EXPECT_TRUE(method->Effective(Mode::kEval, {}).equal(expected));
    // Every weight takes its nearest survivor: no other survivor is nearer.
    std::set<float> survivors(expected.data_ptr<float>(), expected.data_ptr<float>() + expected.numel());
    for (const float point : survivors) {
      EXPECT_TRUE((weight - expected).abs().le((weight - point).abs() + 1e-6).all().item<bool>());
    }
  }
}

TEST(DropBits, PriceIsThatOfTheOpenGates) {
  const auto method = Make(Normal({16, 40}, 2), {{"dropbits", kYes}, {"bit_price", Number(0.5)}});
  SetMasks(method.get(), {0, static_cast<float>(std::log(9))});
  method->Effective(Mode::kTrain, Step(0, 0, 0.1));  // Half of the warm-up.
  at::Tensor logits = Find(*method, "/mask_logits");
  const at::Tensor price = method->Regularizer();
  EXPECT_NEAR(price.item<double>(), 0.25 * (.831822 + .978029), 1e-6);
  price.backward();
  EXPECT_NEAR(logits.grad()[0].item<double>(), 0.25 * .831822 * .168178, 1e-6);
  method->Effective(Mode::kTrain, Step(1, 0, 0.5));
  EXPECT_NEAR(method->Regularizer().item<double>(), 0.5 * (.831822 + .978029), 1e-6);
  EXPECT_NEAR(method->Statistics().details.at("expected_bits"), 2 + .831822 + .831822 * .978029, 1e-6);
  EXPECT_FALSE(Make(Normal({2, 3}, 1), {})->Regularizer().defined());
  // By weights: 16 * 40 of a million.
  const auto by_size =
      Make(Normal({16, 40}, 2), {{"dropbits", kYes}, {"bit_price", Number(0.5)}, {"price_by", Text("weights")}});
  SetMasks(by_size.get(), {0, static_cast<float>(std::log(9))});
  by_size->Effective(Mode::kTrain, Step(0, 0, 1));
  EXPECT_NEAR(by_size->Regularizer().item<double>(), 640e-6 * 0.5 * (.831822 + .978029), 1e-9);
}

TEST(DropBits, AClosedGateIsDroppedForGoodAfterItsPatience) {
  const ConfigTable options = {{"dropbits", kYes}, {"bit_price", Number(0.5)}, {"patience", Whole(2)}};
  const auto method = Make(Normal({16, 40}, 2), options);
  SetMasks(method.get(), {5, -5});
  for (int64_t epoch = 0; epoch < 2; ++epoch) method->Effective(Mode::kTrain, Step(epoch, epoch, 1));
  SetMasks(method.get(), {5, 5});  // Too late.
  method->Effective(Mode::kTrain, Step(9, 2, 1)).sum().backward();
  EXPECT_EQ(method->Statistics().details.at("bits"), 3);
  EXPECT_EQ(Find(*method, "/mask_logits").grad()[1].item<double>(), 0);
  const at::Tensor values = method->Effective(Mode::kTrain, Step(10, 2, 1)).detach();
  EXPECT_LT(values.abs().max().item<double>(), 3.01 * method->Freeze().scales[0]);
  // A resumed run knows it too.
  const auto resumed = Make(Normal({16, 40}, 2), options);
  auto buffers = resumed->Buffers();
  for (const auto& [name, tensor] : method->Buffers()) buffers.at(name).copy_(tensor);
  SetMasks(resumed.get(), {5, 5});
  EXPECT_EQ(resumed->Statistics().details.at("bits"), 3);
}

// From the masks, whose gradients are tested above, to the logits: nested, the second mask is the product of both draws.
TEST(DropBits, GradientsReachTheLogits) {
  const at::Tensor weight = Normal({16, 40}, 2);
  const double first = .3, second = -.2;
  for (const bool nested : {true, false}) {
    int compared = 0;
    for (int64_t iteration = 0; iteration < 10; ++iteration) {
      const auto method = Make(weight, {{"dropbits", kYes}, {"nested", nested ? kYes : kNo}});
      SetMasks(method.get(), {static_cast<float>(first), static_cast<float>(second)});
      method->Effective(Mode::kTrain, Step(iteration)).sum().backward();
      const CounterRandom random(5, StreamOf("dropbits/c"), static_cast<uint64_t>(iteration));
      using definition::HardConcrete;
      const double z0 = HardConcrete::Sample(first, random.Uniform(0)),
                   z1 = HardConcrete::Sample(second, random.Uniform(1));
      const double step = method->Freeze().scales[0];
      const Outcome expected =
          OutcomeOf(Numbers(weight), Grid(4, step, step / 3), Plan(Grid(4)), {z0, nested ? z0 * z1 : z1});
      const double of0 = expected.of_masks[0] + (nested ? expected.of_masks[1] * z1 : 0);
      const double of1 = expected.of_masks[1] * (nested ? z0 : 1);
      const at::Tensor gradient = Find(*method, "/mask_logits").grad();
      const double slope0 = HardConcrete::SampleSlope(first, random.Uniform(0));
      const double slope1 = HardConcrete::SampleSlope(second, random.Uniform(1));
      EXPECT_NEAR(gradient[0].item<double>(), of0 * slope0, 1e-3 * std::fabs(of0) + 1e-4) << iteration;
      EXPECT_NEAR(gradient[1].item<double>(), of1 * slope1, 1e-3 * std::fabs(of1) + 1e-4) << iteration;
      compared += slope0 > 0 && slope1 > 0 && z0 * z1 > 0;
    }
    EXPECT_GT(compared, 0);
  }
}

TEST(DropBits, AGateThatOpensAgainStartsItsPatienceAnew) {
  const auto method =
      Make(Normal({16, 40}, 2), {{"dropbits", kYes}, {"bit_price", Number(0.5)}, {"patience", Whole(2)}});
  const std::vector<float> logits = {-4, 4, -4};  // In three epochs.
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    SetMasks(method.get(), {5, logits[static_cast<size_t>(epoch)]});
    method->Effective(Mode::kTrain, Step(epoch, epoch, 1));
  }
  SetMasks(method.get(), {5, 5});
  EXPECT_EQ(method->Statistics().details.at("bits"), 4);
}

TEST(DropBits, LogitsStayWithinLog100) {
  const auto method = Make(Normal({16, 40}, 2), {{"dropbits", kYes}});
  SetMasks(method.get(), {9, -9});
  method->Effective(Mode::kTrain, Step(0));
  EXPECT_TRUE(Find(*method, "/mask_logits").detach().allclose(at::tensor({4.6051702f, -4.6051702f})));
}

// Bits that DropBits leaves of a linear layer that is trained from `start`, whose largest magnitude is 8, towards y = target
// x. The step is 1 and stays.
double LearnedBits(const at::Tensor& start, const at::Tensor& target, double price) {
  torch::manual_seed(3);
  const at::Tensor x = at::randn({128, target.size(1)}), y = x.matmul(target.t());
  ConfigTable settings = {
      {"dropbits", kYes}, {"estimator", Text("full_vector")}, {"step_start", Text("max")}, {"scale_rate", Number(0)}};
  if (price > 0) settings["bit_price"] = Number(price);
  const auto method = Make(start, settings);
  OptimizerOptions options;
  options.kind = OptimizerOptions::Kind::kAdam;
  const auto optimizer = Optimizer::Create(options, method->Parameters());
  constexpr int kSteps = 400;
  for (int i = 0; i < kSteps; ++i) {
    const at::Tensor weight = method->Effective(Mode::kTrain, Step(i, i / 20, i / static_cast<double>(kSteps)));
    optimizer->ZeroGradients();
    at::Tensor loss = (x.matmul(weight.t()) - y).square().mean();
    const at::Tensor paid = method->Regularizer();
    if (paid.defined()) loss = loss + paid;
    loss.backward();
    optimizer->Step(0.05);
  }
  return method->Statistics().details.at("bits");
}

TEST(DropBits, LearnsTheWidthThatTheTaskNeeds) {
  torch::manual_seed(8);
  at::Tensor ternary = at::randint(-1, 2, {8, 32}).to(at::kFloat);
  at::Tensor near = ternary + 0.7 * at::randn({8, 32});
  ternary[0][0] = -1;
  near[0][0] = -8;  // Where it is cut off it is right.
  at::Tensor wide = at::randint(-7, 8, {8, 32}).to(at::kFloat);
  wide[0][0] = -8;
  EXPECT_EQ(LearnedBits(near, ternary, 0.5), 2);
  EXPECT_EQ(LearnedBits(wide, wide, 0), 4);
}

}  // namespace
}  // namespace lowbit::train::methods::srq
