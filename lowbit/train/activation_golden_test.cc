// Activation methods with gradients of their own against numbers of a float64 script (spec.md of each): by the passes over floats, by
// tensor operations in doubles, and by the kernels for GPUs.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>
#include <vector>

#include "lowbit/train/activation_method.h"
#include "lowbit/train/test_kernels.h"

namespace lowbit::train {
namespace {

ActivationMethod MethodNamed(const std::string& name, const Config& options = Config()) {
  for (const activations::ShelfEntry& entry : activations::ShelfEntries()) {
    if (name == entry.name) return entry.function(options).value();
  }
  return {};
}

using Values = std::vector<double>;
const Values kX = {-3.1, -0.74, -0.185, -0.05, 0, 0.1, 0.2, 0.5, 0.93, 1.31, 2.22, 2.7, 4};
const Values kUpstream = {1, -2, 3, 0.5, 1.5, -1, 2, 4, -3, 0.25, 2, -0.5, 5};

struct Golden {
  Values y, of_x;
  double of_scale;
};

void ExpectGolden(const ActivationMethod& method, double step, const IntegerRange& range, const Golden& golden,
                  at::ScalarType type) {
  const auto row = [type](const Values& values) { return at::tensor(values, at::kDouble).to(type).view({1, -1}); };
  const at::Tensor x = row(kX).requires_grad_(true);
  const at::Tensor scale = at::full({1}, step, at::kDouble).to(type).requires_grad_(true);
  const at::Tensor y = method.apply(x, scale, step, range);
  (y * row(kUpstream)).sum().backward();
  EXPECT_TRUE(y.detach().allclose(row(golden.y), 1e-6, 1e-6)) << y;
  EXPECT_TRUE(x.grad().allclose(row(golden.of_x), 1e-6, 1e-6)) << x.grad();
  if (golden.of_scale != 0) EXPECT_NEAR(scale.grad().item<double>(), golden.of_scale, 2e-6);
}

void ExpectGolden(const ActivationMethod& method, double step, const IntegerRange& range, const Golden& golden) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) ExpectGolden(method, step, range, golden, type);
  for (const KernelPasses* passes : EmulatedPasses()) {
    const InstalledPasses installed(passes);
    ExpectGolden(method, step, range, golden, at::kFloat);
  }
}

TEST(ActivationGolden, Lsq) {
  ExpectGolden(MethodNamed("lsq"), 0.375, {0, 7},
               {{0, 0, 0, 0, 0, 0, 0.375, 0.375, 0.75, 1.125, 2.25, 2.625, 2.625},
                {0, 0, 0, 0, 1.5, -1, 2, 4, -3, 0.25, 2, 0, 0},
                3.442916832073687});
  ExpectGolden(MethodNamed("lsq"), 0.375, {-4, 3},
               {{-1.5, -0.75, 0, 0, 0, 0, 0.375, 0.375, 0.75, 1.125, 1.125, 1.125, 1.125},
                {0, -2, 3, 0.5, 1.5, -1, 2, 4, -3, 0, 0, 0, 0},
                3.0675216663927856});
}

TEST(ActivationGolden, Pact) {
  ExpectGolden(MethodNamed("pact"), 0.375, {0, 7},
               {{0, 0, 0, 0, 0, 0, 0.375, 0.375, 0.75, 1.125, 2.25, 2.625, 2.625},
                {0, 0, 0, 0, 1.5, -1, 2, 4, -3, 0.25, 2, 0, 0},
                0.6428571428571429});
}

TEST(ActivationGolden, Sign) {
  const Config polynomial = {ConfigTable{{"gradient", {std::string("polynomial"), ""}}}, ""};
  ExpectGolden(
      MethodNamed("sign", polynomial), 1, {-1, 1},
      {{-1, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {0, -1.04, 4.89, 0.95, 3, -1.8, 3.2, 4, -0.42, 0, 0, 0, 0}, 0});
}

}  // namespace
}  // namespace lowbit::train
