// The tensors of SRQ, RQ and DropBits against their definition in doubles and the golden values of quant/methods/srq/spec.md.

#include "lowbit/quant/methods/srq/srq.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <set>

#include "lowbit/base/random.h"
#include "lowbit/quant/methods/srq/hard_concrete.h"
#include "lowbit/train/method.h"
#include "lowbit/train/method_plan.h"
#include "lowbit/train/methods/srq/semi_relaxed.h"
#include "lowbit/train/optimizer.h"

namespace lowbit::train::methods::srq {
namespace {

namespace definition = quant::methods::srq;
using definition::Layout;
using definition::LogisticGrid;

GridPlan Plan(const LogisticGrid& grid, bool full_vector = false, Layout layout = Layout::kBits) {
  return {grid.low, grid.high, full_vector, grid.normalized, definition::MakeBitGroups(grid, layout)};
}

LogisticGrid Grid(int bits, double step = 1, double noise = 1. / 3) {
  LogisticGrid grid = definition::SignedGrid(bits);
  grid.step = step, grid.noise = noise;
  return grid;
}

at::Tensor Leaf(const std::vector<double>& values) { return at::tensor(values, at::kDouble).requires_grad_(true); }

// The result for x, and the sums of the gradients with respect to each input.
struct Outcome {
  std::vector<double> values, of_x, of_masks;
  double of_step, of_noise;
};

std::vector<double> Numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

Outcome OutcomeOf(const std::vector<double>& x, const LogisticGrid& grid, const GridPlan& plan,
                  const std::vector<double>& masks = {}) {
  at::Tensor leaf = Leaf(x), step = Leaf({grid.step}), noise = Leaf({grid.noise});
  at::Tensor mask = masks.empty() ? at::Tensor() : Leaf(masks);
  const at::Tensor result = SemiRelaxed(leaf, step, noise, mask, plan);
  result.sum().backward();
  return {Numbers(result), Numbers(leaf.grad()), masks.empty() ? std::vector<double>() : Numbers(mask.grad()),
          step.grad().item<double>(), noise.grad().item<double>()};
}

TEST(SemiRelaxed, ArgmaxOnlyGradientsAreTheGoldenOnes) {
  struct Golden {
    LogisticGrid grid;
    double x, value, of_x, of_step, of_noise;
  };
  for (const Golden& g :
       {Golden{Grid(3), 1.7, 2, 0.934552, 1.027282, -1.848062}, Golden{Grid(3), 2.3, 2, -0.847967, 4.497733, -1.642229},
        Golden{Grid(3), 2.0, 2, 0.042335, 2.756647, -2.523951}, Golden{Grid(3), 3.4, 3, 0.504629, 2.158294, -2.622097},
        Golden{Grid(3), 5.0, 3, 0.004725, 3.436024, -1.378943},
        Golden{Grid(2, .5, .2), -1.2, -1, 0.395686, -1.776320, 1.814918},
        Golden{Grid(2, .5, .2), 0.3, .5, 0.564539, 0.831250, -0.424932}}) {
    const Outcome got = OutcomeOf({g.x}, g.grid, Plan(g.grid));
    EXPECT_EQ(got.values[0], g.value);
    EXPECT_NEAR(got.of_x[0], g.of_x, 6e-7) << g.x;
    EXPECT_NEAR(got.of_step, g.of_step, 6e-7) << g.x;
    EXPECT_NEAR(got.of_noise, g.of_noise, 6e-7) << g.x;
  }
  const Outcome zero = OutcomeOf({0.3}, Grid(3), Plan(Grid(3)));
  EXPECT_EQ(zero.values[0], 0);
  EXPECT_TRUE(zero.of_x[0] == 0 && zero.of_step == 0 && zero.of_noise == 0);
  LogisticGrid raw = Grid(3);
  raw.normalized = false;
  EXPECT_EQ(OutcomeOf({2.0}, raw, Plan(raw)).of_x[0], 0);
}

std::vector<double> Draws(size_t count, double deviation, uint32_t stream) {
  const CounterRandom random(9, stream);
  std::vector<double> draws;
  for (size_t i = 0; i < count; ++i) draws.push_back(deviation * random.Normal(i));
  return draws;
}

TEST(SemiRelaxed, AgreesWithItsDefinition) {
  for (const int bits : {2, 3, 4, 8}) {
    for (const bool normalized : {true, false}) {
      LogisticGrid grid = Grid(bits, 0.7, 0.3);
      grid.normalized = normalized;
      const std::vector<double> x = Draws(200, 1 << (bits - 1), 1);
      const Outcome got = OutcomeOf(x, grid, Plan(grid));
      double of_step = 0, of_noise = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        const int code = grid.Code(x[i]);
        const definition::Slopes slopes = grid.ProbabilitySlopes(code, x[i]);
        EXPECT_EQ(got.values[i], grid.step * code);
        EXPECT_NEAR(got.of_x[i], grid.step * code * slopes.x, 1e-10);
        of_step += code + grid.step * code * slopes.step;
        of_noise += grid.step * code * slopes.noise;
      }
      EXPECT_NEAR(got.of_step, of_step, 1e-8 * std::fabs(of_step) + 1e-8);
      EXPECT_NEAR(got.of_noise, of_noise, 1e-8 * std::fabs(of_noise) + 1e-8);
    }
  }
}

// The probabilities of the grid under masks.
std::vector<double> Masked(const LogisticGrid& grid, const GridPlan& plan, const std::vector<double>& masks, double x) {
  std::vector<double> p = grid.Probabilities(x);
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    const int group = plan.groups.of_code[i];
    if (group >= 0) p[i] *= masks[static_cast<size_t>(group)];
    sum += p[i];
  }
  for (double& probability : p) probability /= sum;
  return p;
}

// What the surrogate's gradient is the derivative of, with the winner's code and the forward pass's point held.
double Surrogate(const LogisticGrid& grid, const GridPlan& plan, const std::vector<double>& masks, double x, int code,
                 double point_step) {
  const std::vector<double> p = Masked(grid, plan, masks, x);
  if (!plan.full_vector) return point_step * code * p[static_cast<size_t>(code - grid.low)];
  double mean = 0;
  for (size_t i = 0; i < p.size(); ++i) mean += p[i] * point_step * (grid.low + static_cast<int>(i));
  return mean;
}

TEST(SemiRelaxed, MaskedAndFullGradientsAgreeWithDifferences) {
  for (const bool full_vector : {false, true}) {
    for (const Layout layout : {Layout::kBits, Layout::kMagnitude}) {
      const LogisticGrid grid = Grid(4, 0.7, 0.3);
      const GridPlan plan = Plan(grid, full_vector, layout);
      std::vector<double> masks =
          layout == Layout::kBits ? std::vector<double>{0.8, 0.3} : std::vector<double>{.9, 0, .4, 1, .7, .2};
      for (const double x : Draws(30, 3, 2)) {
        const Outcome got = OutcomeOf({x}, grid, plan, masks);
        const std::vector<double> p = Masked(grid, plan, masks, x);
        const int code = grid.low + static_cast<int>(std::max_element(p.begin(), p.end()) - p.begin());
        EXPECT_NEAR(got.values[0], grid.step * code, 1e-12);
        const auto value = [&](double dx, double dstep, double dnoise, size_t group = 0, double dmask = 0) {
          LogisticGrid moved = grid;
          moved.step += dstep, moved.noise += dnoise;
          std::vector<double> other = masks;
          other[group] += dmask;
          return Surrogate(moved, plan, other, x + dx, code, grid.step);
        };
        constexpr double kStep = 1e-6, kTolerance = 1e-7;
        EXPECT_NEAR(got.of_x[0], (value(kStep, 0, 0) - value(-kStep, 0, 0)) / (2 * kStep), kTolerance);
        EXPECT_NEAR(got.of_step, code + (value(0, kStep, 0) - value(0, -kStep, 0)) / (2 * kStep), kTolerance);
        EXPECT_NEAR(got.of_noise, (value(0, 0, kStep) - value(0, 0, -kStep)) / (2 * kStep), kTolerance);
        for (size_t g = 0; g < masks.size(); ++g) {
          const double slope = (value(0, 0, 0, g, kStep) - value(0, 0, 0, g, -kStep)) / (2 * kStep);
          EXPECT_NEAR(got.of_masks[g], slope, kTolerance * std::max(1.0, std::fabs(slope))) << g;
        }
      }
    }
  }
}

TEST(SemiRelaxed, FullVectorSlopesAreTheGoldenOnes) {
  const Outcome got = OutcomeOf({0, .25, .5}, Grid(3), Plan(Grid(3), true));
  EXPECT_NEAR(got.of_x[0], 0.963237, 6e-7);
  EXPECT_NEAR(got.of_x[1], 0.999281, 6e-7);
  EXPECT_NEAR(got.of_x[2], 1.035446, 6e-7);
}

TEST(SemiRelaxed, MaskedProbabilitiesAreTheGoldenOnes) {
  const LogisticGrid grid = Grid(3);
  const GridPlan plan = Plan(grid);
  const std::vector<double> dropped = Masked(grid, plan, {0}, 2.1);
  EXPECT_NEAR(dropped[3], 0.00274389, 5e-9);
  EXPECT_NEAR(dropped[4], 0.05466381, 5e-9);
  EXPECT_NEAR(dropped[5], 0.94259230, 5e-9);
  const std::vector<double> partly = Masked(grid, plan, {0.4}, 2.1);
  EXPECT_NEAR(partly[5], 0.27898920, 5e-9);
  EXPECT_NEAR(partly[6], 0.52311217, 5e-9);
  EXPECT_NEAR(partly[7], 0.18089003, 5e-9);
  // d pi(2) / dZ, times the value of the point.
  EXPECT_NEAR(OutcomeOf({2.1}, grid, plan, {0.4}).of_masks[0], 2 * 0.38707786, 2e-8);
  // A fractional mask moves the winner although nothing is dropped.
  EXPECT_EQ(OutcomeOf({1.55}, grid, plan).values[0], 2);
  EXPECT_EQ(OutcomeOf({1.55}, grid, plan, {0.4}).values[0], 1);
}

TEST(SemiRelaxed, MasksOfOneChangeNoBitAndMasksOfZeroLeaveTheInnerGrid) {
  const std::vector<double> x = Draws(500, 2, 3);
  const LogisticGrid grid = Grid(3);
  const Outcome plain = OutcomeOf(x, grid, Plan(grid)), ones = OutcomeOf(x, grid, Plan(grid), {1});
  EXPECT_EQ(plain.values, ones.values);
  EXPECT_EQ(plain.of_x, ones.of_x);
  LogisticGrid inner = grid;
  inner.low = -1, inner.high = 1;
  const Outcome zeros = OutcomeOf(x, grid, Plan(grid), {0}), small = OutcomeOf(x, inner, Plan(inner));
  EXPECT_EQ(zeros.values, small.values);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(zeros.of_x[i], small.of_x[i], 1e-12);
  std::set<double> distinct(plain.values.begin(), plain.values.end());
  EXPECT_LE(distinct.size(), 8u);
}

TEST(SemiRelaxed, BinaryMasksOfMagnitudesTakeTheNearestSurvivor) {
  const LogisticGrid grid = Grid(4);
  const Outcome got =
      OutcomeOf({2.4, 2.6, 5.2, -7.9, 7.4}, grid, Plan(grid, false, Layout::kMagnitude), {0, 0, 1, 0, 1, 0});
  EXPECT_EQ(got.values, (std::vector<double>{1, 4, 6, -6, 6}));  // 2.5 is half-way between 1 and 4; 5 between 4 and 6.
}

TEST(SemiRelaxed, IsStableInSinglePrecision) {
  for (const bool full_vector : {false, true}) {
    for (const float x : {50.0f, -50.0f, 1e6f, 0.0f, 3.5f}) {
      for (const double noise : {0.05, 1e-3, 3.0}) {
        at::Tensor leaf = at::tensor({x}).requires_grad_(true), step = at::tensor({1.0f}).requires_grad_(true);
        at::Tensor scale = at::tensor({static_cast<float>(noise)}).requires_grad_(true);
        at::Tensor mask = at::tensor({0.0f}).requires_grad_(true);
        for (const at::Tensor& masks : {at::Tensor(), mask}) {
          const at::Tensor result = SemiRelaxed(leaf, step, scale, masks, Plan(Grid(3), full_vector));
          result.sum().backward();
          for (const at::Tensor& t : {result, leaf.grad(), step.grad(), scale.grad()}) {
            EXPECT_TRUE(t.isfinite().all().item<bool>()) << x << " " << noise;
          }
        }
        EXPECT_TRUE(mask.grad().isfinite().all().item<bool>());
      }
    }
  }
  EXPECT_TRUE(NearestCodes(at::full({1}, NAN), 1, -4, 3).isnan().all().item<bool>());
}

at::Tensor GumbelNoise(int64_t points, int64_t count) {
  torch::manual_seed(4);
  return -(-at::rand({points, count}, at::kDouble).log()).log();
}

TEST(Relaxed, SamplesFollowTheProbabilities) {
  constexpr int64_t kDraws = 200000;
  const LogisticGrid grid = Grid(3);
  const at::Tensor x = at::full({kDraws}, 0.3, at::kDouble), step = Leaf({1}), noise = Leaf({1. / 3});
  const at::Tensor gumbel = GumbelNoise(8, kDraws);
  const at::Tensor hard = Relaxed(x, step, noise, gumbel, 1, true, Plan(grid)).detach();
  const std::vector<double> p = grid.Probabilities(0.3);
  for (int code = grid.low; code <= grid.high; ++code) {
    const double share = hard.eq(code).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(share, p[static_cast<size_t>(code - grid.low)], 0.003) << code;
  }
  const at::Tensor cold = Relaxed(x, step, noise, gumbel, 0.001, false, Plan(grid)).detach();
  EXPECT_GT((cold - hard).abs().lt(1e-3).to(at::kDouble).mean().item<double>(), 0.98);
  const at::Tensor warm = Relaxed(x, step, noise, gumbel, 1, false, Plan(grid)).detach();
  EXPECT_LT((warm - hard).abs().lt(1e-3).to(at::kDouble).mean().item<double>(), 0.1);
}

TEST(Relaxed, GradientsAgreeWithDifferences) {
  const LogisticGrid grid = Grid(2, 0.5, 0.2);
  const at::Tensor gumbel = GumbelNoise(4, 3);
  const std::vector<double> x = {0.3, -0.8, 0.1};
  at::Tensor leaf = Leaf(x), step = Leaf({0.5}), noise = Leaf({0.2});
  Relaxed(leaf, step, noise, gumbel, 1, false, Plan(grid)).sum().backward();
  const auto value = [&](double dx, double dstep, double dnoise) {
    at::Tensor moved = at::tensor(x, at::kDouble) + dx;
    return Relaxed(moved, at::full({1}, 0.5 + dstep, at::kDouble), at::full({1}, 0.2 + dnoise, at::kDouble), gumbel, 1,
                   false, Plan(grid))
        .sum()
        .item<double>();
  };
  constexpr double kStep = 1e-6;
  EXPECT_NEAR(leaf.grad().sum().item<double>(), (value(kStep, 0, 0) - value(-kStep, 0, 0)) / (2 * kStep), 1e-7);
  EXPECT_NEAR(step.grad().item<double>(), (value(0, kStep, 0) - value(0, -kStep, 0)) / (2 * kStep), 1e-7);
  EXPECT_NEAR(noise.grad().item<double>(), (value(0, 0, kStep) - value(0, 0, -kStep)) / (2 * kStep), 1e-7);
}

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
  // A resumed run knows it too.
  const auto resumed = Make(Normal({16, 40}, 2), options);
  auto buffers = resumed->Buffers();
  for (const auto& [name, tensor] : method->Buffers()) buffers.at(name).copy_(tensor);
  SetMasks(resumed.get(), {5, 5});
  EXPECT_EQ(resumed->Statistics().details.at("bits"), 3);
}

// x_hat after 600 steps of gradient descent on (x_hat - target)^2 from x, step 1 and noise 1/3 fixed.
double Settled(double x, double target, bool full_vector) {
  at::Tensor weight = Leaf({x}), step = at::ones({1}, at::kDouble), noise = at::full({1}, 1. / 3, at::kDouble);
  const GridPlan plan = Plan(Grid(3), full_vector);
  for (int i = 0; i < 600; ++i) {
    weight.mutable_grad().reset();
    (SemiRelaxed(weight, step, noise, {}, plan) - target).square().sum().backward();
    const at::NoGradGuard no_grad;
    weight.sub_(weight.grad(), 0.1);
  }
  return SemiRelaxed(weight.detach(), step, noise, {}, plan).item<double>();
}

// spec.md, section 3: what a reader should know about the published estimator.
TEST(SemiRelaxed, ArgmaxOnlyIsStuckWhereFullVectorArrives) {
  EXPECT_EQ(Settled(0.6, 2, false), 1);
  EXPECT_EQ(Settled(0.6, 2, true), 2);
  EXPECT_EQ(Settled(2.4, 1, true), 1);
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
