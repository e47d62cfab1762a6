// Quantizers in tensor operations against their scalar definitions, and the trainable side of methods and policies.

#include "lowbit/train/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "lowbit/quant/quantizer.h"
#include "lowbit/train/master_weight.h"
#include "lowbit/train/row_pass.h"
#include "lowbit/train/test_methods.h"

namespace lowbit::train {
namespace {

using ::testing::HasSubstr;

at::Tensor ToTorch(const FloatTensor& tensor) { return at::tensor(tensor.data).view(tensor.shape); }

std::vector<at::Tensor> Weights() {
  at::Tensor edge = Normal({4, 3, 2, 2}, 3);
  edge[1].zero_();
  edge[2].fill_(-0.25);
  edge[3].mul_(1e-6);
  return {Normal({16, 8, 3, 3}), Normal({10, 64}, 2).mul_(0.05), edge, at::zeros({2, 3}),
          at::tensor({.9f, -.1f, .4f, -.6f, .2f, .05f, -.3f, .25f}).view({2, 4})};
}

TEST(TensorQuantizers, AgreeWithTheirScalarDefinitions) {
  for (const Case& c : Cases()) {
    const auto scalar = quant::CreateQuantizer(c.name, Table(c.options)).value();
    const MethodPlan plan = Plan(c.name, "none", {}, c.options);
    for (const at::Tensor& weight : Weights()) {
      const Shape shape = weight.sizes().vec();
      const std::vector<float> flat(weight.data_ptr<float>(), weight.data_ptr<float>() + weight.numel());
      const QTensor expected = scalar->Quantize(flat, shape), got = Make(plan, weight)->Freeze();
      ASSERT_TRUE(Validate(got).ok()) << c.name;
      EXPECT_EQ(got.shape, shape);
      EXPECT_TRUE(got.values == expected.values) << c.name;
      EXPECT_EQ(got.codes, expected.codes) << c.name << ToString(shape);
      ASSERT_EQ(got.scales.size(), expected.scales.size()) << c.name;
      for (size_t i = 0; i < got.scales.size(); ++i) {
        // Sums in double whose order differs round to the same float, or to a neighbour.
        EXPECT_NEAR(got.scales[i], expected.scales[i], std::fabs(expected.scales[i]) * 1.2e-7f) << c.name;
      }
    }
  }
}

// Weights of a training step and their gradients, with so many threads.
std::vector<at::Tensor> StepWithThreads(const MethodPlan& plan, int threads) {
  at::set_num_threads(threads);
  const auto method = Make(plan, Normal({20, 100, 3, 3}));  // More than are worth a thread.
  std::vector<at::Tensor> results = {method->Effective(Mode::kTrain, At(3, 0.5))};
  (results[0] * Normal({20, 100, 3, 3}, 4)).sum().backward();
  for (const TrainedParameter& parameter : method->Parameters()) results.push_back(parameter.tensor.grad());
  results.push_back(method->Effective(Mode::kEval, At(3, 0.5)).detach());
  return results;
}

TEST(Methods, ThreadsChangeNothing) {
  const int threads = at::get_num_threads();
  for (const Case& c : Cases()) {
    for (const char* policy : {"none", "filter", "element"}) {
      const bool plain = policy == std::string("none");
      if (!c.options.empty() || (!plain && QuantizerOf(c.name) == nullptr)) continue;
      const MethodPlan plan = plain ? Plan(c.name) : Plan(c.name, "sq", {{"unit", Text(policy)}});
      const std::vector<at::Tensor> alone = StepWithThreads(plan, 1), together = StepWithThreads(plan, 2);
      EXPECT_TRUE(together[0].equal(alone[0])) << c.name << " " << policy;
      EXPECT_TRUE(together.back().equal(alone.back())) << c.name << " " << policy;
      // libtorch's own sums of a gradient may be added in another order.
      for (size_t i = 1; i + 1 < alone.size(); ++i) {
        EXPECT_TRUE(together[i].allclose(alone[i], 1e-5, 1e-6)) << c.name << " " << policy;
      }
    }
  }
  at::set_num_threads(threads);
}

// What a GPU runs: the tensor operations, which the CPU's loops replace where a method has them.
TEST(TensorQuantizers, TensorOperationsAgreeWithTheLoops) {
  for (const Case& c : Cases()) {
    const auto quantizer = QuantizerOf(c.name, c.options);
    if (quantizer == nullptr) continue;
    for (const at::Tensor& weight : Weights()) {
      const at::Tensor rows = weight.reshape({weight.size(0), -1});
      const QuantizedRows tensors = quantizer->Quantize(rows), loops = RowPass(quantizer).Quantize(rows);
      EXPECT_TRUE(tensors.levels.equal(loops.levels)) << c.name;
      // Sums in double whose order differs round to the same float, or to a neighbour.
      EXPECT_TRUE(tensors.scales.allclose(loops.scales, 1.2e-7, 0)) << c.name;
    }
  }
}

TEST(TensorQuantizers, OnlyWhatKernelsKnowIsAFormula) {
  EXPECT_NE(QuantizerOf("uniform")->ByRows()->Formula(), nullptr);
  EXPECT_EQ(QuantizerOf("uniform", {{"range", Text("percentile")}})->ByRows()->Formula(), nullptr);
  EXPECT_EQ(QuantizerOf("uniform", {{"range", Text("mse")}})->ByRows()->Formula(), nullptr);
}

// A diverged network must show, in the loops and in the tensor operations.
TEST(TensorQuantizers, ANotANumberIsNotHidden) {
  for (const Case& c : Cases()) {
    const auto quantizer = QuantizerOf(c.name, c.options);
    if (quantizer == nullptr) continue;
    at::Tensor rows = Normal({6, 20});
    rows[2][7] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(Values(quantizer->Quantize(rows)).isnan().any().item<bool>()) << c.name;
    EXPECT_TRUE(RowPass(quantizer).Values(rows).isnan().any().item<bool>()) << c.name;
  }
}

TEST(RowPass, MeasuresErrorsAndUsesItsMemoryAgainOnlyWhenItIsFree) {
  RowPass pass(QuantizerOf("bwn"));
  const at::Tensor rows = Normal({300, 129});
  at::Tensor errors;
  const at::Tensor kept = pass.Values(rows, &errors), copy = kept.clone();
  EXPECT_TRUE(errors.allclose(RowErrors(rows, kept), 1e-12, 0));
  at::Tensor other = pass.Values(Normal({300, 129}, 2));
  EXPECT_NE(other.data_ptr(), kept.data_ptr());
  EXPECT_TRUE(kept.equal(copy));
  const void* memory = other.data_ptr();
  other.reset();
  EXPECT_EQ(pass.Values(rows).data_ptr(), memory);
}

TEST(RowPass, ElementsAreRowsOfOne) {
  at::Tensor rows = Normal({300, 129});
  rows[7][5] = 0;
  const at::Tensor values = Normal({300, 129}, 2);
  const at::Tensor columns = rows.reshape({-1, 1}), other = values.reshape({-1, 1});
  EXPECT_TRUE(ElementErrors(rows, values).equal(RowErrors(columns, other)));
  const at::Tensor mask = columns.gt(0.5).to(at::kByte).flatten();
  EXPECT_TRUE(MixElements(mask, rows, values.clone()).flatten().equal(MixRows(mask, columns, other.clone()).flatten()));
}

TEST(Methods, EffectiveWeightsAreTheFrozenOnesBitForBit) {
  for (const Case& c : Cases()) {
    for (const char* policy : {"none", "sq"}) {
      if (policy == std::string("sq") && QuantizerOf(c.name, c.options) == nullptr) continue;
      const auto method = Make(Plan(c.name, policy, {}, c.options), Normal({16, 8, 3, 3}));
      const at::Tensor effective = method->Effective(Mode::kEval, At(3, 0.5)).detach();
      EXPECT_TRUE(effective.equal(ToTorch(Dequantize(method->Freeze())))) << c.name << policy;
    }
  }
}

TEST(Methods, RatioOneIsThePlainQuantizerBitForBit) {
  for (const char* policy : {"stochastic", "sorted", "fixed"}) {
    const at::Tensor weight = Normal({16, 20});
    const auto plain = Make(Plan("twn"), weight), sq = Make(Plan("twn", "sq", {{"policy", Text(policy)}}), weight);
    EXPECT_TRUE(plain->Effective(Mode::kTrain, At(3, 1)).equal(sq->Effective(Mode::kTrain, At(3, 1)))) << policy;
    EXPECT_EQ(sq->Statistics().quantized_share, 1);
  }
}

TEST(Methods, GoldenValues) {
  const at::Tensor weight = at::tensor({.9f, -.1f, .4f, -.6f, .2f, .05f, -.3f, .25f}).view({2, 4});
  const at::Tensor binary = Make(Plan("bwn"), weight)->Effective(Mode::kTrain, {}).detach();
  EXPECT_TRUE(binary.allclose(at::tensor({.5f, -.5f, .5f, -.5f, .2f, .2f, -.2f, .2f}).view({2, 4}), 0, 1e-6));
  const at::Tensor errors = RowErrors(weight, binary);
  EXPECT_TRUE(errors.allclose(at::tensor({.5, .375}, at::kDouble), 0, 1e-6));
  const at::Tensor ternary = Make(Plan("twn"), weight)->Effective(Mode::kTrain, {}).detach();
  EXPECT_TRUE(ternary[1].allclose(at::tensor({.25f, 0.f, -.25f, .25f}), 0, 1e-6));
  EXPECT_TRUE(RowErrors(weight, ternary).allclose(at::tensor({.3166667, .1875}, at::kDouble), 0, 1e-6));
  for (const char* scope : {"layer", "layer_centered"}) {
    const auto method = Make(Plan("twn", "none", {}, {{"delta_scope", Text(scope)}}), weight);
    const at::Tensor layer = method->Effective(Mode::kTrain, {}).detach();
    EXPECT_TRUE(layer[1].allclose(at::tensor({0.f, 0.f, -.275f, .275f}), 0, 1e-6)) << scope;
    EXPECT_NEAR(method->Statistics().mean_row_error, (.3166667 + .375) / 2, 1e-6) << scope;
    EXPECT_EQ(method->Statistics().zero_share, 0.375) << scope;
  }
}

TEST(ToQTensor, FindsCodesOfTablesAndCodebooks) {
  QuantizedRows rows;
  rows.values = ValueSet::Table({-2, 0, 0.5f, 3});
  rows.levels = at::tensor({0.5f, -2.f, 3.f, 0.f, 0.f, 0.5f}).view({2, 3});
  rows.scales = at::tensor({2.f, 0.5f});
  EXPECT_TRUE(ToTorch(Dequantize(ToQTensor(rows, {2, 3}))).equal(Values(rows)));
  rows.values = ValueSet::Codebook({1, 2, 3, 4, 5, 6}, 2);
  rows.levels = at::tensor({3.f, 4.f, 1.f, 2.f, 5.f, 6.f, 3.f, 4.f}).view({2, 4});
  const QTensor coded = ToQTensor(rows, {2, 4});
  EXPECT_THAT(coded.codes, ::testing::ElementsAre(1, 0, 2, 1));
  EXPECT_TRUE(ToTorch(Dequantize(coded)).equal(Values(rows)));
  rows.values = ValueSet::Affine(4, 3);
  rows.levels = at::tensor({-3.f, 12.f, 0.f, 1.f}).view({2, 2});
  EXPECT_THAT(ToQTensor(rows, {2, 2}).codes, ::testing::ElementsAre(0, 15, 3, 4));
}

// An optimizer that knows of no mask: momentum, weight decay.
void SgdStep(const WeightMethod& method, std::vector<at::Tensor>* momentum) {
  const at::NoGradGuard no_grad;
  const std::vector<TrainedParameter> parameters = method.Parameters();
  momentum->resize(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    at::Tensor weight = parameters[i].tensor, &velocity = (*momentum)[i];
    const at::Tensor gradient = weight.grad() + 0.01 * weight;
    velocity = velocity.defined() ? 0.9 * velocity + gradient : gradient;
    weight.sub_(0.05 * velocity);
  }
}

StepContext Progress(double progress) {
  StepContext context;
  context.progress = progress;
  return context;
}

TEST(Inq, FrozenWeightsStayAndTheOthersTrain) {
  const at::Tensor start = Normal({20, 5});
  const auto method = Make(Plan("inq"), start);
  std::vector<at::Tensor> momentum;
  at::Tensor frozen_before = at::zeros({20, 5}, at::kBool);
  const int64_t counts[] = {50, 75, 88};
  for (int step = 0; step < 12; ++step) {
    GradientOf(method.get(), Progress(step / 12.0));
    const at::Tensor frozen = method->Buffers().at("c.weight/inq_frozen").to(at::kBool).view({20, 5}).clone();
    // What the last step did to frozen weights is undone.
    EXPECT_TRUE(method->Parameters().at(0).tensor.equal(method->Master())) << step;
    EXPECT_EQ(frozen.sum().item<int64_t>(), counts[step / 4]) << step;
    const at::Tensor before = method->Master().clone();
    SgdStep(*method, &momentum);
    const at::Tensor after = method->Master();
    EXPECT_TRUE(after.eq(before).logical_or(frozen.logical_not()).all().item<bool>()) << step;
    EXPECT_TRUE(after.ne(before).logical_or(frozen).all().item<bool>()) << step;
    // What is frozen is a value of the set, for good.
    const at::Tensor values = ToTorch(Dequantize(method->Freeze()));
    EXPECT_TRUE(after.eq(values).logical_or(frozen.logical_not()).all().item<bool>()) << step;
    EXPECT_TRUE(frozen.logical_or(frozen_before.logical_not()).all().item<bool>()) << step;
    frozen_before = frozen;
    const int quarter = step / 4;
    EXPECT_EQ(method->Statistics().quantized_share, static_cast<double>(counts[quarter]) / 100);
  }
  // The largest magnitude froze first: the weights, and what they end as, give the same power of two as at the start.
  EXPECT_EQ(method->Freeze().scales, Make(Plan("inq"), start)->Freeze().scales);
  EXPECT_EQ(Make(Plan("inq"), method->Master())->Freeze().scales, method->Freeze().scales);
  EXPECT_TRUE(Validate(method->Freeze()).ok());
  EXPECT_TRUE(Make(Plan("inq"), ToTorch(Dequantize(method->Freeze())))
                  ->Effective(Mode::kEval, {})
                  .equal(ToTorch(Dequantize(method->Freeze()))));
}

// So that a run may begin with random weights: the power of two is that of the weights which freeze first.
TEST(Inq, APortionOfZeroLeavesAllWeightsFree) {
  const auto method =
      Make(Plan("inq", "none", {},
                {{"portions", Config{ConfigArray{Config{0.0, ""}, Config{0.5, ""}, Config{1.0, ""}}, ""}}}),
           Normal({20, 5}));
  EXPECT_TRUE(method->Effective(Mode::kTrain, Progress(0)).equal(Normal({20, 5})));
  const std::vector<float> before = method->Freeze().scales;
  method->Parameters()[0].tensor.detach().mul_(8);
  EXPECT_EQ(method->Freeze().scales[0], before[0] * 8);
  method->Effective(Mode::kTrain, Progress(0.6));
  EXPECT_EQ(method->Statistics().quantized_share, 0.5);
  method->Parameters()[0].tensor.detach().mul_(8);
  EXPECT_EQ(method->Freeze().scales[0], before[0] * 8);
}

TEST(Inq, GoesOnAfterACheckpoint) {
  const at::Tensor start = Normal({20, 5});
  const auto first = Make(Plan("inq"), start), second = Make(Plan("inq"), Normal({20, 5}, 7));
  std::vector<at::Tensor> momentum;
  for (int step = 0; step < 5; ++step) GradientOf(first.get(), Progress(step / 12.0)), SgdStep(*first, &momentum);
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : first->Buffers()) second->Buffers().at(name).copy_(tensor);
  second->Parameters()[0].tensor.copy_(first->Parameters()[0].tensor);
  EXPECT_TRUE(second->Master().equal(first->Master()));
  EXPECT_TRUE(second->Effective(Mode::kTrain, Progress(0.7)).equal(first->Effective(Mode::kTrain, Progress(0.7))));
}

// With constant levels the gradient of a learned scale is that of s * (level - v) + w, times g; both ends are inside.
TEST(LearnedScale, GradientIsTheStatedOne) {
  for (const char* name : {"lsq", "apot"}) {
    for (const char* scope : {"layer", "row"}) {
      // By the scale of 1/4 they are 3.6, -.4, 3, -4 and .8, 4, -3.6, 32; lsq's levels are -4 .. 3, apot's -4 .. 4.
      const at::Tensor weight = at::tensor({.9f, -.1f, .75f, -1.f, .2f, 1.f, -.9f, 8.f}).view({2, 4});
      const auto method = Make(Plan(name, "none", {}, {{"bits", Number(3)}, {"scope", Text(scope)}}), weight);
      const std::vector<TrainedParameter> parameters = method->Parameters();
      EXPECT_EQ(parameters.at(1).name, "c.weight/scale");
      EXPECT_EQ(parameters.at(1).traits.decay_multiplier, 0);
      parameters[1].tensor.detach().fill_(.25f);
      const at::Tensor upstream = Normal({2, 4}, 3);
      const at::Tensor values = method->Effective(Mode::kTrain, {});
      (values * upstream).sum().backward();
      const bool lsq = name == std::string("lsq"), layer = scope == std::string("layer");
      const at::Tensor inside = at::tensor({lsq ? 0 : 1, 1, 1, 1, 1, lsq ? 0 : 1, 1, 0}).view({2, 4});
      EXPECT_TRUE(parameters[0].tensor.grad().equal(upstream * inside)) << name;
      const at::Tensor slopes = upstream * (values.detach() / .25 - weight / .25 * inside);
      const double g = 1 / std::sqrt((layer ? 8 : 4) * (lsq ? 3. : 4.));
      const at::Tensor expected = (layer ? slopes.sum().view({1}) : slopes.sum(1)) * g;
      EXPECT_TRUE(parameters[1].tensor.grad().allclose(expected, 1e-5, 1e-6)) << name << " " << scope;
    }
  }
}

TEST(LearnedScale, ACollapsedScaleIsNamed) {
  const auto method = Make(Plan("lsq"), Normal({4, 6}), "conv1");
  method->Parameters().at(1).tensor.detach().fill_(-0.5);
  try {
    method->Effective(Mode::kTrain, {});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("layer 'conv1': a learned scale became -0.5"));
  }
}

TEST(LearnedScale, HasARateOfItsOwn) {
  const auto rate = [](ConfigTable options) {
    return Make(Plan("apot", "none", {}, std::move(options)), Normal({4, 6}))->Parameters().at(1).traits;
  };
  EXPECT_EQ(rate({}).learning_rate_multiplier, 1);
  EXPECT_EQ(rate({{"scale_rate", Config{0.25, ""}}}).learning_rate_multiplier, 0.25);
  ConfigTable section = {{"method", Text("lsq")}, {"lsq", Table({{"scale_rate", Config{0.0, ""}}})}};
  EXPECT_THAT(ReadQuantizeSection(Table(std::move(section))).error().message,
              HasSubstr("'quantize.scale_rate' must be"));
}

TEST(Ttq, ScalesAndWeightsHaveTheirOwnGradients) {
  const at::Tensor weight = at::tensor({.9f, -.1f, .01f, -.6f});
  const auto method = Make(Plan("ttq", "none", {}, {{"threshold", Config{0.05, ""}}}), weight.view({1, 4}));
  const at::Tensor values = method->Effective(Mode::kTrain, {});
  EXPECT_TRUE(values.detach().allclose(at::tensor({.9f, -.35f, 0.f, -.35f}).view({1, 4}), 0, 1e-6));
  (values * at::tensor({1.f, 2.f, 3.f, 4.f}).view({1, 4})).sum().backward();
  const std::vector<TrainedParameter> parameters = method->Parameters();
  EXPECT_TRUE(parameters.at(0).tensor.grad().allclose(at::tensor({.9f, .7f, 3.f, 1.4f}).view({1, 4}), 0, 1e-6));
  EXPECT_TRUE(parameters.at(1).tensor.grad().allclose(at::tensor({.5f, -3.f}), 0, 1e-6));
  EXPECT_EQ(parameters.at(1).traits.decay_multiplier, 0);
}

// Gradients through tanh and the largest of them, against differences; the rounding is passed straight through.
TEST(Dorefa, GradientGoesThroughTheSqueezing) {
  const auto method = Make(Plan("dorefa"), Normal({3, 7}));
  const at::Tensor upstream = Normal({3, 7}, 4);
  (method->Effective(Mode::kTrain, {}) * upstream).sum().backward();
  const at::Tensor gradient = method->Parameters().at(0).tensor.grad();
  const at::Tensor weight = method->Master().to(at::kDouble);
  const auto loss = [&](const at::Tensor& w) {
    return (w.tanh() / w.tanh().abs().max() * upstream).sum().item<double>();
  };
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 7; ++j) {
      at::Tensor above = weight.clone(), below = weight.clone();
      above[i][j] += 1e-4;
      below[i][j] -= 1e-4;
      EXPECT_NEAR(gradient[i][j].item<double>(), (loss(above) - loss(below)) / 2e-4, 1e-4);
    }
  }
}

TEST(Esb, GradientReachesTheWeightsEverywhere) {
  const at::Tensor weight = Normal({4, 50});
  weight[0][0] = 100;  // Saturated.
  const auto method = Make(Plan("esb"), weight);
  method->Effective(Mode::kTrain, {}).sum().backward();
  EXPECT_TRUE(method->Parameters().at(0).tensor.grad().eq(1).all().item<bool>());
}

}  // namespace
}  // namespace lowbit::train
