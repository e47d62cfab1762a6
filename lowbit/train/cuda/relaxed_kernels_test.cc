// SRQ's and DropBits' kernels, run by the CPU (and by a GPU where there is one), against the tensor operations: the estimator
// by itself, and a layer's whole training step.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "lowbit/train/methods/srq/test_srq.h"
#include "lowbit/train/test_devices.h"
#include "lowbit/train/test_kernels.h"
#include "lowbit/train/test_methods.h"

namespace lowbit::train::methods::srq {
namespace {

struct Setting {
  int bits;
  bool full_vector, normalized;
  Layout layout;
  std::vector<float> masks;  // Repeated or cut to as many as there are groups; empty: none.
  float step, noise;
};

std::string Name(const Setting& s) {
  std::ostringstream name;
  name << s.bits << " bits, " << (s.full_vector ? "full vector" : "winner") << (s.normalized ? "" : " not normalized")
       << (s.layout == Layout::kBits ? ", bits" : ", magnitude") << ", step " << s.step << ", noise " << s.noise
       << ", masks";
  for (const float mask : s.masks) name << " " << mask;
  return name.str();
}

GridPlan PlanOf(const Setting& s) {
  LogisticGrid grid = Grid(s.bits);
  grid.normalized = s.normalized;
  return Plan(grid, s.full_vector, s.layout);
}

at::Tensor MasksOf(const Setting& s, int groups) {
  if (s.masks.empty()) return {};
  std::vector<float> masks;
  for (int g = 0; g < groups; ++g) masks.push_back(s.masks[static_cast<size_t>(g) % s.masks.size()]);
  return at::tensor(masks);
}

// Some of every bin, ties and points, and weights far outside the grid.
at::Tensor WeightsOf(const Setting& s, int64_t count = 150) {
  const auto reach = static_cast<float>(1 << (s.bits - 1));
  const at::Tensor special =
      at::tensor({0.0f, -0.0f, 1.0f, -1.0f, 0.5f, -0.5f, 1.5f, -1.5f, reach - 0.5f, -reach - 0.5f, reach - 1, -reach,
                  3 * reach, -3 * reach, 9 * reach, -9 * reach, 1e-30f});
  at::Tensor x = Normal({count}, 5).mul_(0.6 * reach);
  x.slice(0, 0, special.numel()).copy_(special);
  return x.mul_(s.step);
}

struct Gradients {
  at::Tensor values, of_x, of_step, of_noise, of_masks;
};

// Of the passes in force where `weights` are, in their type; d: upstream.
Gradients GradientsOf(const Setting& s, const at::Tensor& weights, const at::Tensor& d) {
  const GridPlan plan = PlanOf(s);
  const auto leaf = [&weights](const at::Tensor& x) { return x.to(weights.options()).clone().requires_grad_(true); };
  at::Tensor x = leaf(weights), step = leaf(at::full({1}, s.step)), noise = leaf(at::full({1}, s.noise));
  at::Tensor masks = MasksOf(s, plan.groups.count);
  if (masks.defined()) masks = leaf(masks);
  const at::Tensor values = SemiRelaxed(x, step, noise, masks, plan);
  values.backward(d.to(weights.options()));
  const auto back = [](const at::Tensor& t) { return t.detach().cpu(); };
  return {back(values), back(x.grad()), back(step.grad()), back(noise.grad()),
          masks.defined() ? back(masks.grad()) : at::zeros({0})};
}

double Distance(const at::Tensor& a, const at::Tensor& b) {
  return a.numel() == 0 ? 0 : (a.to(at::kDouble) - b).abs().max().item<double>();
}

// The tensor operations in floats and in doubles, with upstream gradients of 0 where these have other winners.
struct Wanted {
  explicit Wanted(const Setting& s) : setting(s), weights(WeightsOf(s)), d(Normal(weights.sizes(), 6)) {
    d *= GradientsOf(s, weights, d).values.isclose(GradientsOf(s, weights.to(at::kDouble), d).values.to(at::kFloat));
    floats = GradientsOf(s, weights, d);
    doubles = GradientsOf(s, weights.to(at::kDouble), d);
  }
  // No further from the doubles than twice what the floats of tensor operations are, and some rounding of numbers of
  // size `size`.
  void ExpectAsGood(at::Tensor Gradients::*of, const Gradients& got, double size, const char* what) const {
    const at::Tensor &truth = doubles.*of, &usual = floats.*of;
    ASSERT_EQ((got.*of).sizes(), usual.sizes());
    EXPECT_TRUE(usual.isfinite().all().item<bool>()) << what;
    EXPECT_LE(Distance(got.*of, truth), 2 * Distance(usual, truth) + 4e-6 * size) << what << " of size " << size;
  }
  void Compare(const Gradients& got) const {
    EXPECT_TRUE(got.values.equal(floats.values)) << Distance(got.values, floats.values);
    ExpectAsGood(&Gradients::of_x, got, Largest(doubles.of_x), "x");
    // Sums of what is of both signs; of a code times dL/dx, or of a distance in widths.
    const double sum = doubles.of_x.abs().sum().item<double>() * (1 << (setting.bits - 1));
    ExpectAsGood(&Gradients::of_step, got, sum, "step");
    ExpectAsGood(&Gradients::of_noise, got, sum * std::max(1.f, setting.step / setting.noise), "noise");
    const double parts = d.abs().sum().item<double>() * setting.step;
    ExpectAsGood(&Gradients::of_masks, got, std::max(parts, Largest(doubles.of_masks)), "masks");
  }
  static double Largest(const at::Tensor& x) { return x.numel() == 0 ? 0 : x.abs().max().item<double>(); }

  Setting setting;
  at::Tensor weights, d;
  Gradients floats, doubles;
};

// On every device, and by kernels that the CPU runs.
void ExpectKernelsAgree(const Setting& s) {
  SCOPED_TRACE(Name(s));
  const Wanted wanted(s);
  for (const std::string& device : Devices()) {
    wanted.Compare(GradientsOf(s, wanted.weights.to(at::Device(device)), wanted.d));
  }
  for (const KernelPasses* passes : EmulatedPasses()) {
    const InstalledPasses installed(passes);
    wanted.Compare(GradientsOf(s, wanted.weights, wanted.d));
  }
}

TEST(RelaxedKernels, WithoutMasksAgreeWithTheTensorOperations) {
  for (int bits = 2; bits <= 8; ++bits) {
    for (const float noise : {1e-3f, 0.02f, 1.f / 3, 3.f, 1e3f}) {
      const float step = bits % 2 == 0 ? 1.f : 0.037f;
      ExpectKernelsAgree({bits, false, true, Layout::kBits, {}, step, noise * step});
      ExpectKernelsAgree({bits, false, false, Layout::kBits, {}, step, noise * step});
      ExpectKernelsAgree({bits, true, true, Layout::kBits, {}, step, noise * step});
    }
  }
}

TEST(RelaxedKernels, WithMasksAgreeWithTheTensorOperations) {
  const std::vector<std::vector<float>> masks = {
      {1}, {0}, {1, 0}, {0, 1}, {1, 0.7f, 0.2f}, {0.3f, 0.9f}, {0.01f, 0.999f, 0}};
  for (const int bits : {2, 3, 5}) {
    for (const Layout layout : {Layout::kBits, Layout::kMagnitude}) {
      if (bits == 2 && layout == Layout::kMagnitude) continue;  // The same group.
      for (const float noise : {0.02f, 1.f / 3, 3.f}) {
        for (const std::vector<float>& mask : masks) {
          ExpectKernelsAgree({bits, false, true, layout, mask, 0.25f, noise * 0.25f});
          ExpectKernelsAgree({bits, true, true, layout, mask, 0.25f, noise * 0.25f});
        }
      }
    }
  }
  for (const bool full_vector : {false, true}) {
    ExpectKernelsAgree({8, full_vector, true, Layout::kBits, {1, 0}, 0.25f, 0.005f});
    ExpectKernelsAgree({8, full_vector, true, Layout::kMagnitude, {0.5f, 0, 1, 0.8f}, 0.25f, 0.1f});
  }
}

TEST(RelaxedKernels, WeightsThatAreNoNumbersAreAsTheTensorOperationsHaveThem) {
  at::Tensor x = Normal({9});
  x[4] = std::nanf("");
  for (const bool full_vector : {false, true}) {
    for (const std::vector<float>& masks : {std::vector<float>{}, {1}, {0}}) {
      const Setting s = {3, full_vector, true, Layout::kBits, masks, 1, 0.5f};
      const Gradients wanted = GradientsOf(s, x, at::ones({9}));
      for (const KernelPasses* passes : EmulatedPasses()) {
        const InstalledPasses installed(passes);
        const Gradients got = GradientsOf(s, x, at::ones({9}));
        EXPECT_TRUE(got.values.allclose(wanted.values, 0, 0, /*equal_nan=*/true));
        EXPECT_TRUE(got.of_x.isnan().equal(x.isnan()) && wanted.of_x.isnan().equal(x.isnan()));
        EXPECT_TRUE(got.of_step.isnan().all().item<bool>() && wanted.of_step.isnan().all().item<bool>());
      }
    }
  }
}

// What the kernels are not for, tensor operations do.
TEST(RelaxedKernels, LeaveOtherTensorsAlone) {
  const Setting s = {3, false, true, Layout::kBits, {}, 1, 0.5f};
  const at::Tensor x = Normal({4, 6}), d = Normal({6, 4}, 2);
  const Gradients wanted = GradientsOf(s, x.t(), d), doubles = GradientsOf(s, x.to(at::kDouble), d.t());
  for (const KernelPasses* passes : EmulatedPasses()) {
    const InstalledPasses installed(passes);
    EXPECT_TRUE(GradientsOf(s, x.t(), d).of_x.allclose(wanted.of_x));
    EXPECT_TRUE(GradientsOf(s, x.to(at::kDouble), d.t()).of_x.equal(doubles.of_x));
    EXPECT_EQ(GradientsOf(s, at::zeros({0, 3}), at::zeros({0, 3})).values.numel(), 0);
  }
}

std::vector<ConfigTable> Options() {
  const Config yes = {true, ""}, no = {false, ""};
  std::vector<ConfigTable> options = {{},
                                      {{"normalized", no}},
                                      {{"estimator", Text("full_vector")}, {"endpoint", Text("exclusive")}},
                                      {{"variant", Text("rq")}},
                                      {{"variant", Text("rq_st")}, {"bits", Number(2)}}};
  for (const int64_t bits : {2, 3, 4, 6}) options.push_back({{"bits", Number(bits)}});
  for (const Config& nested : {yes, no}) {
    for (const char* layout : {"bits", "magnitude"}) {
      for (const char* estimator : {"argmax_only", "full_vector"}) {
        options.push_back({{"dropbits", yes},
                           {"nested", nested},
                           {"layout", Text(layout)},
                           {"estimator", Text(estimator)},
                           {"keep", Config{0.6, ""}}});
      }
    }
    options.push_back({{"dropbits", yes},
                       {"nested", nested},
                       {"bit_price", Config{0.5, ""}},
                       {"bits", Number(6)},
                       {"patience", Number(1)}});
  }
  return options;
}

// Weights in both modes, all gradients and all parameters but the weights, of some steps with draws of their own. The
// parameters move by hand, so that no rounding grows: step and noise apart and the gates' logits, beyond their bounds and, at
// the end, back: gates that were closed long enough must stay so.
std::vector<at::Tensor> Train(const ConfigTable& options, double move, const std::string& device) {
  const at::Device on(device);
  std::vector<at::Tensor> results;
  const auto method = Make(train::Plan("srq", "none", {}, options), Normal({6, 4, 3, 3}).to(on));
  for (int64_t iteration = 0; iteration < 8; ++iteration) {
    StepContext context = At(iteration, 1);
    context.epoch = iteration;
    context.progress = 0.1;
    const at::Tensor weight = method->Effective(Mode::kTrain, context), price = method->Regularizer();
    results.push_back(weight.detach().cpu());
    at::Tensor loss = (weight * Normal({6, 4, 3, 3}, 4).to(on)).sum();
    if (price.defined()) {
      results.push_back(price.detach().cpu());
      loss = loss + price;
    }
    loss.backward();
    const at::NoGradGuard no_grad;
    for (const TrainedParameter& parameter : method->Parameters()) {
      at::Tensor tensor = parameter.tensor;
      results.push_back(tensor.grad().cpu().clone());
      tensor.mutable_grad().reset();
      if (tensor.dim() > 1) continue;
      results.push_back(tensor.detach().cpu().clone());
      const bool step = parameter.name == "c.weight/log_step", noise = parameter.name == "c.weight/log_noise";
      const double of_scale = iteration < 2 ? move : 0;  // So that codes stay of every size.
      const double of_gate = iteration < 3 ? 2 * move : iteration == 3 ? -6 * move : 0;
      tensor.add_(step ? -of_scale : noise ? of_scale : of_gate);
    }
    results.push_back(method->Effective(Mode::kEval, context).cpu());
    EXPECT_TRUE(results.back().equal(at::tensor(Dequantize(method->Freeze()).data).view({6, 4, 3, 3})));
  }
  return results;
}

void ExpectLayersAgree(const ConfigTable& options, double move) {
  const std::vector<at::Tensor> wanted = Train(options, move, "cpu");
  const auto compare = [&wanted](const std::vector<at::Tensor>& got) {
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_TRUE(got[i].allclose(wanted[i], 1e-4, 1e-5 * wanted[i].abs().max().item<double>() + 1e-7))
          << i << " " << (got[i] - wanted[i]).abs().max();
    }
  };
  for (const std::string& device : Devices()) compare(Train(options, move, device));
  for (const KernelPasses* passes : EmulatedPasses()) {
    const InstalledPasses installed(passes);
    compare(Train(options, move, "cpu"));
  }
}

TEST(RelaxedKernels, TrainLayersLikeTheTensorOperations) {
  for (const ConfigTable& options : Options()) {
    std::string name = "srq";
    for (const auto& [key, value] : options) name += " " + key;
    for (const double move : {0.8, -0.8}) {
      SCOPED_TRACE(name + " " + std::to_string(move));
      ExpectLayersAgree(options, move);
    }
  }
}

}  // namespace
}  // namespace lowbit::train::methods::srq
