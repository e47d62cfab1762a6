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
Gradients GradientsOf(const std::string& method) {
  const at::Tensor x = at::tensor({-.6f, .1f, .3f, .9f, 2.5f}).view({1, 5}).requires_grad_(true);
  const at::Tensor scale = at::tensor({.5f}).requires_grad_(true);
  const at::Tensor y = MethodNamed(method).apply(x, scale, {0, 3});
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

TEST(LearnedGrid, ThreadsChangeNothing) {
  const int threads = at::get_num_threads();
  torch::manual_seed(1);
  const at::Tensor values = at::randn({70000}), weights = at::randn({70000});  // More than are worth a thread.
  std::vector<at::Tensor> results[2];
  for (const int several : {0, 1}) {
    at::set_num_threads(1 + 2 * several);
    const at::Tensor x = values.clone().requires_grad_(true), scale = at::tensor({.3f}).requires_grad_(true);
    const at::Tensor y = LearnedGrid(x, scale, {0, 3}, /*rounding=*/true, 1);
    (y * weights).sum().backward();
    results[several] = {y.detach(), x.grad(), scale.grad()};
  }
  for (size_t i = 0; i < results[0].size(); ++i) EXPECT_TRUE(results[1][i].equal(results[0][i])) << i;
  at::set_num_threads(threads);
}

TEST(SignActivation, PolynomialGradientIsATent) {
  const ActivationMethod& method =
      MethodNamed("sign", {ConfigTable{{"gradient", {std::string("polynomial"), ""}}}, ""});
  const at::Tensor x = at::tensor({-1.5f, -.75f, 0.f, .25f, 1.f}).requires_grad_(true);
  const at::Tensor y = method.apply(x, at::ones({1}), {-1, 1});
  EXPECT_TRUE(y.detach().equal(at::tensor({-1.f, -1.f, 1.f, 1.f, 1.f})));
  y.sum().backward();
  EXPECT_TRUE(x.grad().allclose(at::tensor({0.f, .5f, 2.f, 1.5f, 0.f})));
  EXPECT_FALSE(MethodNamed("sign").apply);
}

}  // namespace
}  // namespace lowbit::train
