// The kernels of SLB's mean values and of DoReFa's squeezed weights, run on the CPU as a GPU would (and on a GPU where there is
// one), against the tensor operations.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/train/methods/slb/expectation.h"
#include "lowbit/train/test_devices.h"
#include "lowbit/train/test_kernels.h"
#include "lowbit/train/test_methods.h"

namespace lowbit::train {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// function(parameters) and the gradients of sum(upstream * it) with respect to them, of copies on a device.
std::vector<at::Tensor> ValueAndGradients(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& function,
                                          const std::vector<at::Tensor>& parameters, const std::string& device) {
  std::vector<at::Tensor> copies;
  for (const at::Tensor& parameter : parameters) {
    copies.push_back(parameter.to(at::Device(device)).clone().requires_grad_(true));
  }
  std::vector<at::Tensor> results = {function(copies)};
  // A gradient that is no contiguous tensor.
  const at::Tensor upstream = Normal({results[0].size(1), results[0].size(0)}, 9).t().to(results[0].device());
  (results[0] * upstream).sum().backward();
  for (const at::Tensor& copy : copies) results.push_back(copy.grad());
  for (at::Tensor& result : results) result = result.detach().to(at::kCPU);
  return results;
}

// By the CPU's own operations, then by every kernel there is.
void ExpectClose(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& function,
                 const std::vector<at::Tensor>& parameters) {
  const std::vector<at::Tensor> wanted = ValueAndGradients(function, parameters, "cpu");
  const auto compare = [&wanted](const std::vector<at::Tensor>& got) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      // A few roundings of the largest number that a sum has.
      const double most = 2e-6 * std::max(1.0, wanted[i].abs().nan_to_num(0).max().item<double>());
      EXPECT_TRUE(got[i].allclose(wanted[i], 2e-5, most, /*equal_nan=*/true)) << i << "\n" << got[i] << wanted[i];
    }
  };
  for (const KernelPasses* passes : EmulatedPasses()) {
    const InstalledPasses installed(passes);
    compare(ValueAndGradients(function, parameters, "cpu"));
  }
  for (const std::string& device : Devices()) compare(ValueAndGradients(function, parameters, device));
}

TEST(SearchedKernels, ExpectLikeTheTensorOperations) {
  for (const int64_t options : {2, 4, 8, 16}) {
    const at::Tensor values = at::arange(options, at::kFloat).mul_(2).sub_(options - 1);
    for (const double temperature : {0.01, 1.0, 40.0}) {
      for (const int64_t scales : {1, 5}) {
        SCOPED_TRACE(std::to_string(options) + " " + std::to_string(temperature) + " " + std::to_string(scales));
        ExpectClose(
            [&](const std::vector<at::Tensor>& p) {
              return methods::slb::ScaledExpectation(p[0], values.to(p[0].device()), p[1], 0.3, 5, temperature);
            },
            {Normal({options, 5 * 13}, 2), Normal({scales}, 3).abs().add_(0.1)});
      }
    }
  }
}

TEST(SearchedKernels, ShowLogitsThatAreNoNumbers) {
  for (const float special : {std::nanf(""), kInfinity}) {
    for (const int64_t which : {0, 1, 2}) {
      at::Tensor logits = Normal({3, 8}, 2);
      logits[which][5] = special;
      for (const KernelPasses* passes : EmulatedPasses()) {
        const InstalledPasses installed(passes);
        const at::Tensor result =
            methods::slb::ScaledExpectation(logits, at::tensor({-1.0f, 0.0f, 1.0f}), at::ones({1}), 1, 2, 2);
        EXPECT_TRUE(result.isnan().flatten().equal(at::arange(8).eq(5))) << result;
      }
    }
  }
}

TEST(SearchedKernels, TrainSlbLikeTheCpu) {
  for (int64_t bits = 1; bits <= 4; ++bits) {
    for (const char* scale : {"none", "channel"}) {
      for (const char* init : {"random", "weights"}) {
        const MethodPlan plan =
            Plan("slb", "none", {}, {{"bits", Number(bits)}, {"scale", Text(scale)}, {"init", Text(init)}});
        const auto step = [&plan] {
          const auto method = Make(plan, Normal({6, 4, 3, 3}));
          std::vector<at::Tensor> results = {method->Effective(Mode::kTrain, At(3, 0.5))};
          (results[0] * Normal({6, 4, 3, 3}, 4)).sum().backward();
          for (const TrainedParameter& parameter : method->Parameters()) results.push_back(parameter.tensor.grad());
          return results;
        };
        const std::vector<at::Tensor> wanted = step();
        ASSERT_EQ(wanted.size(), scale == std::string("channel") ? 3u : 2u);
        for (const KernelPasses* passes : EmulatedPasses()) {
          const InstalledPasses installed(passes);
          const std::vector<at::Tensor> got = step();
          for (size_t i = 0; i < wanted.size(); ++i) EXPECT_TRUE(got[i].allclose(wanted[i], 2e-5, 1e-6)) << i;
        }
      }
    }
  }
}

// The layer's weights before DoReFa rounds them.
at::Tensor Squeezed(const at::Tensor& weights) {
  static const std::shared_ptr<const TensorQuantizer> quantizer = QuantizerOf("dorefa", {{"bits", Number(4)}});
  return quantizer->Prepare(weights);
}

TEST(SqueezeKernels, SqueezeLikeTheTensorOperations) {
  at::Tensor ties = Normal({4, 50}, 2);
  ties[1][7] = 3;
  ties[2][3] = -3;
  ties[3][49] = 3;
  // More than one block's threads take in one turn, and the only largest weight among the last.
  at::Tensor many = Normal({300, 1000}, 5).mul_(0.1);
  many[299][999] = -2;
  for (const at::Tensor& weights :
       {Normal({6, 36}), ties, many, at::zeros({3, 4}), at::full({1, 1}, -0.2), Normal({2, 9}).mul_(1e-30)}) {
    ExpectClose([](const std::vector<at::Tensor>& p) { return Squeezed(p[0]); }, {weights});
  }
}

TEST(SqueezeKernels, ShowWeightsThatAreNoNumbers) {
  at::Tensor weights = Normal({2, 9});
  weights[1][4] = std::nanf("");
  for (const KernelPasses* passes : EmulatedPasses()) {
    const InstalledPasses installed(passes);
    EXPECT_TRUE(Squeezed(weights).isnan().all().item<bool>());
  }
}

}  // namespace
}  // namespace lowbit::train
