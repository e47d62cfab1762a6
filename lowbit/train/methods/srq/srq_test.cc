// The tensors of SRQ and RQ against their definition in doubles and the golden values of quant/methods/srq/spec.md.

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "lowbit/base/random.h"
#include "lowbit/train/methods/srq/test_srq.h"

namespace lowbit::train::methods::srq {
namespace {

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

TEST(SemiRelaxed, TiesUnderMasksGoUp) {
  const std::vector<double> halves = {.5, -.5};
  EXPECT_EQ(OutcomeOf(halves, Grid(3), Plan(Grid(3)), {0}).values, (std::vector<double>{1, 0}));
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
          if (!masks.defined() && x >= 3.5f) {
            EXPECT_EQ(result.item<float>(), 3);
          }
          for (const at::Tensor& t : {result, leaf.grad(), step.grad(), scale.grad()}) {
            EXPECT_TRUE(t.isfinite().all().item<bool>()) << x << " " << noise;
          }
        }
        EXPECT_TRUE(mask.grad().isfinite().all().item<bool>());
      }
    }
  }
  EXPECT_TRUE(NearestCodes(at::full({1}, NAN), at::ones({1}), -4, 3).isnan().all().item<bool>());
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

}  // namespace
}  // namespace lowbit::train::methods::srq
