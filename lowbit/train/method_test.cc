// Quantizers in tensor operations against their scalar definitions, and the trainable side of methods and policies.

#include "lowbit/train/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "lowbit/quant/quantizer.h"
#include "lowbit/train/master_weight.h"
#include "lowbit/train/method_plan.h"
#include "lowbit/train/row_pass.h"

namespace lowbit::train {
namespace {

using ::testing::HasSubstr;

Config Text(const std::string& text) { return Config{text, ""}; }
Config Table(ConfigTable table) { return Config{std::move(table), "r.toml:1"}; }

MethodPlan Plan(const std::string& method, const std::string& policy = "none", ConfigTable policy_options = {},
                ConfigTable method_options = {}) {
  ConfigTable section = {{"method", Text(method)}, {"policy", Text(policy)}};
  section[method] = Table(std::move(method_options));
  if (policy != "none") section[policy] = Table(std::move(policy_options));
  return ReadQuantizeSection(Table(std::move(section))).value();
}

std::unique_ptr<WeightMethod> Make(const MethodPlan& plan, const at::Tensor& weight, const std::string& layer = "c") {
  return plan.make({layer, layer + ".weight", weight.clone(), {}});
}

StepContext At(int64_t iteration, double ratio, int64_t stage = 0) {
  StepContext context;
  context.seed = 5;
  context.iteration = iteration;
  context.ratio = ratio;
  context.stage = stage;
  return context;
}

at::Tensor Normal(at::IntArrayRef shape, uint64_t seed = 1) {
  torch::manual_seed(seed);
  return at::randn(shape);
}

at::Tensor ToTorch(const FloatTensor& tensor) { return at::tensor(tensor.data).view(tensor.shape); }

// Every deterministic quantizer of the shelf with its options; methods that train in a way of their own have tests of theirs.
struct Case {
  std::string name;
  ConfigTable options;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const methods::ShelfEntry& entry : methods::ShelfEntries()) {
    if (entry.function(Table({})).value().quantizer != nullptr) cases.push_back({entry.name, {}});
  }
  for (const char* scope : {"layer", "layer_centered"}) cases.push_back({"twn", {{"delta_scope", Text(scope)}}});
  cases.push_back({"twn", {{"delta_factor", Config{1.1, ""}}}});
  return cases;
}

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

// What a GPU runs: the tensor operations, which the CPU's loops replace where a method has them.
TEST(TensorQuantizers, TensorOperationsAgreeWithTheLoops) {
  for (const methods::ShelfEntry& entry : methods::ShelfEntries()) {
    for (const Case& c : Cases()) {
      if (c.name != entry.name) continue;
      const auto quantizer = entry.function(Table(c.options)).value().quantizer;
      for (const at::Tensor& weight : Weights()) {
        const at::Tensor rows = weight.reshape({weight.size(0), -1});
        const QuantizedRows tensors = quantizer->Quantize(rows), loops = RowPass(quantizer).Quantize(rows);
        EXPECT_TRUE(tensors.levels.equal(loops.levels)) << c.name;
        // Sums in double whose order differs round to the same float, or to a neighbour.
        EXPECT_TRUE(tensors.scales.allclose(loops.scales, 1.2e-7, 0)) << c.name;
      }
    }
  }
}

TEST(RowPass, MeasuresErrorsAndUsesItsMemoryAgainOnlyWhenItIsFree) {
  RowPass pass(methods::ShelfEntries().front().function(Table({})).value().quantizer);
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

// For each row of the effective weights: 1 where it is the quantizer's, 0 where it is the float row, 2 for anything else.
std::vector<int> RowKinds(const at::Tensor& effective, const at::Tensor& weight, const at::Tensor& quantized) {
  std::vector<int> kinds;
  for (int64_t i = 0; i < weight.size(0); ++i) {
    kinds.push_back(effective[i].equal(quantized[i]) ? 1 : effective[i].equal(weight[i]) ? 0 : 2);
  }
  return kinds;
}

struct SqFixture {
  at::Tensor weight = Normal({10, 12});
  at::Tensor quantized;
  std::unique_ptr<WeightMethod> method;

  explicit SqFixture(ConfigTable options, const std::string& layer = "c")
      : quantized(Make(Plan("twn"), weight)->Effective(Mode::kEval, {}).detach()),
        method(Make(Plan("twn", "sq", std::move(options)), weight, layer)) {}

  std::vector<int> Kinds(const StepContext& context) {
    return RowKinds(method->Effective(Mode::kTrain, context).detach(), weight, quantized);
  }
};

TEST(Sq, MixesExactlyTheCountAndDrawsAnewInEachIteration) {
  SqFixture sq({});
  std::set<std::vector<int>> masks;
  for (int64_t iteration = 0; iteration < 20; ++iteration) {
    const std::vector<int> kinds = sq.Kinds(At(iteration, 0.75));
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), 1), 8);  // ceil(0.75 * 10)
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), 0), 2);
    masks.insert(kinds);
    EXPECT_EQ(kinds, SqFixture({}).Kinds(At(iteration, 0.75)));  // No state: the same for another object.
  }
  EXPECT_GT(masks.size(), 5u);
  EXPECT_EQ(sq.method->Statistics().quantized_share, 0.8);
  EXPECT_TRUE(sq.method->Effective(Mode::kEval, At(1, 0.5)).detach().equal(sq.quantized));
}

TEST(Sq, MasksDependOnTheLayerAndTheSeed) {
  const std::vector<int> kinds = SqFixture({}).Kinds(At(4, 0.5));
  StepContext other_seed = At(4, 0.5);
  other_seed.seed = 6;
  EXPECT_NE(kinds, SqFixture({}, "d").Kinds(At(4, 0.5)));
  EXPECT_NE(kinds, SqFixture({}).Kinds(other_seed));
}

TEST(Sq, EvaluatesTheHybridOnRequest) {
  SqFixture sq({});
  StepContext context = At(4, 0.5);
  context.evaluate_hybrid = true;
  EXPECT_TRUE(sq.method->Effective(Mode::kEval, context).equal(sq.method->Effective(Mode::kTrain, At(4, 0.5))));
}

TEST(Sq, SortedTakesTheSmallestErrors) {
  SqFixture sq({{"policy", Text("sorted")}});
  const std::vector<int> kinds = sq.Kinds(At(0, 0.5));
  const at::Tensor errors = RowErrors(sq.weight, sq.quantized);
  const double median = std::get<0>(errors.sort())[4].item<double>();
  for (int64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(kinds[static_cast<size_t>(i)], errors[i].item<double>() <= median ? 1 : 0);
  }
}

TEST(Sq, FixedKeepsItsMaskForAStageAndThroughACheckpoint) {
  SqFixture sq({{"policy", Text("fixed")}});
  const std::vector<int> kinds = sq.Kinds(At(0, 0.5));
  for (int64_t i = 1; i < 10; ++i) EXPECT_EQ(sq.Kinds(At(i, 0.5)), kinds);
  SqFixture resumed({{"policy", Text("fixed")}});
  auto restored = resumed.method->Buffers();
  for (const auto& [name, tensor] : sq.method->Buffers()) restored.at(name).copy_(tensor);
  EXPECT_EQ(resumed.Kinds(At(10, 0.5)), kinds);
  EXPECT_NE(sq.Kinds(At(11, 0.5, 1)), kinds);
}

TEST(Sq, SelectsSingleWeights) {
  SqFixture sq({{"unit", Text("element")}});
  const at::Tensor effective = sq.method->Effective(Mode::kTrain, At(0, 0.5)).detach();
  const at::Tensor from_q = effective.eq(sq.quantized), from_w = effective.eq(sq.weight);
  EXPECT_TRUE(from_q.logical_or(from_w).all().item<bool>());
  EXPECT_EQ(from_q.sum().item<int64_t>(), 60);
}

// Gradient of sum sin(Qt) with respect to the float weights.
at::Tensor GradientOf(WeightMethod* method, const StepContext& context) {
  at::Tensor weight = method->Parameters().at(0).tensor;
  weight.mutable_grad().reset();
  method->Effective(Mode::kTrain, context).sin().sum().backward();
  return weight.grad().clone();
}

double LossAt(WeightMethod* method, const StepContext& context) {
  return method->Effective(Mode::kTrain, context).detach().to(at::kDouble).sin().sum().item<double>();
}

TEST(Sq, GradientIsTrueForFloatRowsAndThatOfQForQuantizedRows) {
  // Constant probabilities: a small change of a weight does not change the mask.
  SqFixture sq({{"prob", Text("constant")}});
  const StepContext context = At(2, 0.5);
  const std::vector<int> kinds = sq.Kinds(context);
  const at::Tensor gradient = GradientOf(sq.method.get(), context);
  at::Tensor weight = sq.method->Parameters().at(0).tensor.detach();
  constexpr double kStep = 1.0 / 64;  // Exact in float next to weights of size 1; the error is below step^2 / 6.
  for (int64_t i = 0; i < 10; ++i) {
    if (kinds[static_cast<size_t>(i)] == 1) {
      EXPECT_TRUE(gradient[i].allclose(sq.quantized[i].cos(), 0, 1e-6));
      continue;
    }
    for (int64_t j = 0; j < 12; ++j) {
      const float start = weight[i][j].item<float>();
      weight[i][j] = start + kStep;
      const double above = LossAt(sq.method.get(), context);
      weight[i][j] = start - kStep;
      const double below = LossAt(sq.method.get(), context);
      weight[i][j] = start;
      EXPECT_NEAR(gradient[i][j].item<double>(), (above - below) / (2 * kStep), 1e-4);
    }
  }
}

TEST(Sq, GradientIsNotClipped) {
  const auto method = Make(Plan("bwn"), Normal({4, 6}).mul_(50));
  const at::Tensor upstream = Normal({4, 6}, 9).mul_(100);
  (method->Effective(Mode::kTrain, {}) * upstream).sum().backward();
  EXPECT_TRUE(method->Parameters().at(0).tensor.grad().equal(upstream));
}

TEST(Sq, SurvivesWeightsThatAreNotNumbers) {
  SqFixture sq({});
  sq.method->Parameters().at(0).tensor.detach().fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(sq.method->Effective(Mode::kTrain, At(0, 0.5)).isnan().any().item<bool>());
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

std::string PlanError(ConfigTable section) {
  const Result<MethodPlan> plan = ReadQuantizeSection(Table(std::move(section)));
  return plan.ok() ? "" : plan.error().message;
}

TEST(ReadQuantizeSection, NamesWhatIsWrong) {
  EXPECT_EQ(PlanError({}), "");
  EXPECT_EQ(ReadQuantizeSection(Table({})).value().make, nullptr);
  EXPECT_THAT(PlanError({{"method", Text("tvn")}}), HasSubstr("did you mean 'twn'"));
  EXPECT_THAT(PlanError({{"method", Text("twn")}, {"policy", Text("sqq")}}), HasSubstr("did you mean 'sq'"));
  EXPECT_THAT(PlanError({{"policy", Text("sq")}}), HasSubstr("needs a quantize.method"));
  EXPECT_THAT(PlanError({{"methud", Text("twn")}}), HasSubstr("'method'"));
  EXPECT_THAT(PlanError({{"method", Text("twn")}, {"twn", Table({{"delta_scpe", Text("row")}})}}),
              HasSubstr("delta_scope"));
}

}  // namespace
}  // namespace lowbit::train
