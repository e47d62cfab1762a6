#include "lowbit/train/learned_grid.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace lowbit::train {
namespace {

const ActivationMethod& MethodNamed(const std::string& name, const Config& options = Config()) {
  static std::map<std::string, ActivationMethod> made;
  for (const activations::ShelfEntry& entry : activations::ShelfEntries()) {
    if (name == entry.name) made[name] = entry.function(options).value();
  }
  return made.at(name);
}

struct Gradients {
  at::Tensor value, x;
  double scale;
};

// Of sum (i + 1) y[i] at scale 1/2, two bits without sign.
Gradients GradientsOf(const std::string& method, at::ScalarType type = at::kFloat) {
  const at::Tensor x = at::tensor({-.6f, .1f, .3f, .9f, 2.5f}).to(type).view({1, 5}).requires_grad_(true);
  const at::Tensor scale = at::tensor({.5f}).to(type).requires_grad_(true);
  const at::Tensor y = MethodNamed(method).apply(x, scale, .5, {0, 3});
  (y * at::arange(1, 6)).sum().backward();
  return {y.detach(), x.grad(), scale.grad().item<double>()};
}

TEST(LearnedGrid, ValuesAndGradientsOfX) {
  for (const char* method : {"lsq", "pact"}) {
    const Gradients found = GradientsOf(method);
    EXPECT_TRUE(found.value.equal(at::tensor({0.f, 0.f, .5f, 1.f, 1.5f}).view({1, 5}))) << method;
    EXPECT_TRUE(found.x.equal(at::tensor({0.f, 2.f, 3.f, 4.f, 0.f}).view({1, 5}))) << method;
  }
}

TEST(LearnedGrid, GradientsOfTheScale) {
  // 2 (0 - .2) + 3 (1 - .6) + 4 (2 - 1.8) + 5 * 3, by sqrt(5 values * 3).
  EXPECT_NEAR(GradientsOf("lsq").scale, 16.6 / std::sqrt(15.0), 1e-5);
  // dL/dalpha = 5 for what is beyond alpha = 3 * scale; a third of it, so that alpha moves by 5.
  EXPECT_NEAR(GradientsOf("pact").scale, 5.0 / 3, 1e-6);
}

// In double, which the loops do not take.
TEST(LearnedGrid, TensorOperationsAgreeWithTheLoops) {
  for (const char* method : {"lsq", "pact"}) {
    const Gradients wide = GradientsOf(method, at::kDouble), loops = GradientsOf(method);
    EXPECT_TRUE(wide.value.to(at::kFloat).equal(loops.value)) << method;
    EXPECT_TRUE(wide.x.to(at::kFloat).equal(loops.x)) << method;
    EXPECT_NEAR(wide.scale, loops.scale, 1e-5) << method;
  }
}

// PACT with alpha = 1.5 and two bits.
TEST(LearnedGrid, PactGoldenValues) {
  const at::Tensor x = at::tensor({-.2f, .2f, .26f, .7f, .8f, 1.4f, 2.f}).view({1, 7}).requires_grad_(true);
  const at::Tensor scale = at::tensor({.5f}).requires_grad_(true);
  const at::Tensor y = MethodNamed("pact").apply(x, scale, .5, {0, 3});
  EXPECT_TRUE(y.equal(at::tensor({0.f, 0.f, .5f, .5f, 1.f, 1.5f, 1.5f}).view({1, 7})));
  y.sum().backward();
  EXPECT_TRUE(x.grad().equal(at::tensor({0.f, 1.f, 1.f, 1.f, 1.f, 1.f, 0.f}).view({1, 7})));
  EXPECT_NEAR(3 * scale.grad().item<double>(), 1, 1e-6);  // dL/dalpha: one value is beyond it.
}

TEST(LearnedGrid, ThreadsChangeNothing) {
  const int threads = at::get_num_threads();
  torch::manual_seed(1);
  const at::Tensor values = at::randn({70000}), weights = at::randn({70000});  // More than are worth a thread.
  std::vector<at::Tensor> results[2];
  for (const int several : {0, 1}) {
    at::set_num_threads(1 + 2 * several);
    const at::Tensor x = values.clone().requires_grad_(true), scale = at::tensor({.3f}).requires_grad_(true);
    const at::Tensor y = LearnedGrid(x, scale, .3f, {0, 3}, /*rounding=*/true, 1);
    (y * weights).sum().backward();
    results[several] = {y.detach(), x.grad(), scale.grad()};
  }
  for (size_t i = 0; i < results[0].size(); ++i) EXPECT_TRUE(results[1][i].equal(results[0][i])) << i;
  at::set_num_threads(threads);
}

// dL/ds is a sum over images, divided by the size of one.
TEST(LearnedGrid, StepsOfTheScaleDoNotShrinkWithTheBatch) {
  const at::Tensor x = at::tensor({.1f, .3f, .1f, .3f, .1f, .3f}).view({3, 2}).requires_grad_(true);
  const at::Tensor scale = at::tensor({.5f}).requires_grad_(true);
  MethodNamed("lsq").apply(x, scale, .5, {0, 3}).sum().backward();
  EXPECT_NEAR(scale.grad().item<double>(), 3 * (-.2 + .4) / std::sqrt(2 * 3.), 1e-5);
}

TEST(EsbActivation, LevelsHaveTheBitsThatTheSignLeaves) {
  using Values = std::vector<float>;
  const ActivationMethod& method = MethodNamed("esb");  // k = 1
  EXPECT_EQ(method.levels(3, false).value().levels, (Values{0, 1, 2, 3, 4, 6, 8, 12}));
  EXPECT_EQ(method.levels(3, true).value().levels, (Values{-3, -2, -1, 0, 1, 2, 3}));
  // 3 * 2^14 is no level: levels are 16-bit integers.
  EXPECT_NE(method.levels(5, false).error().message.find("the largest level would be 49152, beyond 32767"),
            std::string::npos);
  EXPECT_FALSE(method.levels(6, false).ok());
  EXPECT_FALSE(method.levels(2, true).ok());
  const Config powers = {ConfigTable{{"k", {int64_t{0}, ""}}}, ""};
  EXPECT_EQ(MethodNamed("esb", powers).levels(4, false).value().levels.back(), 16384);  // Four bits for the exponent.
}

TEST(SignActivation, PolynomialGradientIsATent) {
  const ActivationMethod& method =
      MethodNamed("sign", {ConfigTable{{"gradient", {std::string("polynomial"), ""}}}, ""});
  const at::Tensor x = at::tensor({-1.5f, -.75f, 0.f, .25f, 1.f}).requires_grad_(true);
  const at::Tensor y = method.apply(x, at::ones({1}), 1, {-1, 1});
  EXPECT_TRUE(y.detach().equal(at::tensor({-1.f, -1.f, 1.f, 1.f, 1.f})));
  y.sum().backward();
  EXPECT_TRUE(x.grad().allclose(at::tensor({0.f, .5f, 2.f, 1.5f, 0.f})));
  const at::Tensor golden = at::tensor({-.5f, 0.f, .5f, 1.2f}).requires_grad_(true);
  method.apply(golden, at::ones({1}), 1, {-1, 1}).sum().backward();
  EXPECT_TRUE(golden.grad().allclose(at::tensor({1.f, 2.f, 1.f, 0.f})));
  // In tensor operations, and for another scale, whose tent is as wide.
  const at::Tensor wide = golden.detach().to(at::kDouble).requires_grad_(true);
  const at::Tensor signs = method.apply(wide, at::ones({1}), 1, {-1, 1});
  EXPECT_TRUE(signs.detach().equal(at::tensor({-1., 1., 1., 1.}, at::kDouble)));
  signs.sum().backward();
  EXPECT_TRUE(wide.grad().allclose(at::tensor({1., 2., 1., 0.}, at::kDouble)));
  const at::Tensor half = at::tensor({-.25f, .125f, .5f}).requires_grad_(true);
  (method.apply(half, at::tensor({.5f}), .5, {-1, 1}) * at::tensor({1.f, 2.f, 1.f})).sum().backward();
  EXPECT_TRUE(half.grad().allclose(at::tensor({1.f, 3.f, 0.f})));
  EXPECT_FALSE(MethodNamed("sign").apply);
}

}  // namespace
}  // namespace lowbit::train
