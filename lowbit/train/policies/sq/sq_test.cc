// Stochastic quantization's trainable side: which rows are quantized, and what the gradients of both kinds are.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "lowbit/train/row_pass.h"
#include "lowbit/train/test_methods.h"

namespace lowbit::train {
namespace {

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

TEST(Sq, SortedTakesTheWeightsOfTheSmallestErrors) {
  SqFixture sq({{"unit", Text("element")}, {"policy", Text("sorted")}});
  const at::Tensor effective = sq.method->Effective(Mode::kTrain, At(0, 0.5)).detach();
  const at::Tensor errors = (sq.weight - sq.quantized).abs().div(sq.weight.abs()).flatten();
  const float median = std::get<0>(errors.sort())[59].item<float>();
  EXPECT_TRUE(effective.eq(sq.quantized).flatten().equal(errors.le(median)));
}

TEST(Sq, FixedKeepsItsMaskThoughErrorsChange) {
  SqFixture sq({{"policy", Text("fixed")}});
  sq.Kinds(At(0, 0.5));
  const at::Tensor mask = sq.method->Buffers().at("c.weight/sq_mask").clone();
  for (uint64_t i = 1; i < 6; ++i) {
    sq.method->Parameters().at(0).tensor.detach().copy_(Normal({10, 12}, 40 + i));
    sq.method->Effective(Mode::kTrain, At(static_cast<int64_t>(i), 0.5));
    EXPECT_TRUE(sq.method->Buffers().at("c.weight/sq_mask").equal(mask)) << i;
  }
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

TEST(Sq, MixesWhatIsQuantizedNotTheWeights) {
  // DoReFa's values reach 1 whatever the weights are; what stays float must be of that size too.
  const auto method = Make(Plan("dorefa", "sq", {{"prob", Text("constant")}}), Normal({8, 30}).mul_(0.01));
  const at::Tensor mixed = method->Effective(Mode::kTrain, At(1, 0.5)).detach();
  EXPECT_EQ(std::get<0>(mixed.abs().max(1)).gt(0.4).sum().item<int64_t>(), 8);
}

TEST(Sq, GoesOverEveryDeterministicQuantizer) {
  for (const Case& c : Cases()) {
    if (QuantizerOf(c.name, c.options) == nullptr) continue;
    const at::Tensor weight = Normal({10, 12});
    const auto method = Make(Plan(c.name, "sq", {{"prob", Text("constant")}}, c.options), weight);
    const at::Tensor all = method->Effective(Mode::kTrain, At(0, 1)).detach();
    const at::Tensor none = method->Effective(Mode::kTrain, At(0, 0)).detach();
    const std::vector<int> kinds = RowKinds(method->Effective(Mode::kTrain, At(0, 0.5)).detach(), none, all);
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), 1), 5) << c.name;
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), 0), 5) << c.name;
    const at::Tensor gradient = GradientOf(method.get(), At(0, 0.5));
    EXPECT_TRUE(gradient.isfinite().all().item<bool>() && gradient.ne(0).any().item<bool>()) << c.name;
  }
}

}  // namespace
}  // namespace lowbit::train
