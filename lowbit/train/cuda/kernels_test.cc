// The kernels that GPUs run, run on the CPU by threads that wait for each other, against the CPU's own passes: by themselves
// at the edges, and under every method.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/core/level_grid.h"
#include "lowbit/quant/level_quantizer.h"
#include "lowbit/train/row_pass.h"
#include "lowbit/train/test_devices.h"
#include "lowbit/train/test_kernels.h"
#include "lowbit/train/test_methods.h"

namespace lowbit::train {
namespace {

// What `make` returns of the CPU's own passes and of the kernels.
template <typename Make, typename Compare>
void ExpectSame(const Make& make, const Compare& compare) {
  const auto wanted = make();
  for (const KernelPasses* passes : EmulatedPasses()) {
    const InstalledPasses installed(passes);
    compare(make(), wanted);
  }
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const FloatGrid kGrids[] = {{0.25, 0, 3}, {0.1, -4, 3}, {1.0 / 15, 0, 15}, {0.37, -127, 127}};

// What is special among them: ends and middles of the grid, zeros, infinities, a NaN.
at::Tensor Activations(const FloatGrid& grid, bool finite) {
  at::Tensor x = Normal({700}, 5);
  const at::Tensor special = at::tensor({0.0f, -0.0f, grid.first(), grid.last(), grid.scale / 2, 3 * grid.scale / 2,
                                         -grid.scale / 2, kInfinity, -kInfinity, std::nanf(""), 1e-40f, 3e38f});
  x.slice(0, 0, special.numel()).copy_(finite ? special.nan_to_num(0, 1, -1).clamp(-1, 1) : special);
  return x;
}

void ExpectEqual(const at::Tensor& got, const at::Tensor& wanted) { EXPECT_TRUE(got.equal(wanted)); }

TEST(Kernels, RoundAndKeepLikeTheCpu) {
  for (const FloatGrid& grid : kGrids) {
    const at::Tensor x = Activations(grid, false), d = Normal({700}, 6), tame = Activations(grid, true);
    const LevelGrid elastic = ElasticLevels(3, 2, true);
    const FloatLevels table = {grid.scale, grid.inverse, elastic.thresholds.data(), elastic.levels.data(),
                               static_cast<int64_t>(elastic.levels.size())};
    for (const KernelPasses* kernels : EmulatedPasses()) {
      std::vector<at::Tensor> results[2];
      const GridPasses* const both[] = {&ChooseGridPasses(), &kernels->Grid()};
      for (int which : {0, 1}) {
        const GridPasses& passes = *both[which];
        const auto run = [&](const auto& pass) {
          results[which].push_back(at::empty_like(x));
          pass(results[which].back().template data_ptr<float>());
        };
        const float *from = x.data_ptr<float>(), *gradient = d.data_ptr<float>();
        run([&](float* y) { passes.round(grid, 700, from, y); });
        run([&](float* y) { passes.signs(grid.scale, 700, from, y); });
        run([&](float* y) { passes.levels(table, 700, from, y); });
        run([&](float* y) { passes.keep(grid.first(), grid.last(), 700, gradient, from, y); });
        run([&](float* y) { passes.tent(grid.inverse, 700, gradient, tame.data_ptr<float>(), y); });
      }
      for (size_t i = 0; i < results[0].size(); ++i) EXPECT_TRUE(results[0][i].equal(results[1][i])) << i;
    }
  }
}

TEST(Kernels, LearnLikeTheCpu) {
  for (const FloatGrid& grid : kGrids) {
    const at::Tensor x = Activations(grid, true), d = Normal({700}, 6);
    for (const bool rounding : {false, true}) {
      at::Tensor dx = at::empty_like(x);
      const double sum =
          ChooseGridPasses().learn(grid, rounding, 700, d.data_ptr<float>(), x.data_ptr<float>(), dx.data_ptr<float>());
      for (const KernelPasses* kernels : EmulatedPasses()) {
        const auto [got, got_sum] = kernels->Learn(d, x, grid, rounding, 0.25);
        EXPECT_TRUE(got.equal(dx));
        EXPECT_NEAR(got_sum.item<double>(), 0.25 * sum, 1e-6 * 700 * grid.high);
      }
    }
  }
}

std::vector<at::Tensor> Weights() {
  at::Tensor edge = Normal({4, 12}, 3);
  edge[1].zero_();
  edge[2].fill_(-0.25);
  edge[3].mul_(1e-6);
  return {Normal({6, 72}), Normal({10, 21}, 2).mul_(0.05).add_(0.02), edge, at::zeros({2, 3}), Normal({3, 1})};
}

std::string Name(const Case& c) {
  std::string name = c.name;
  for (const auto& [key, value] : c.options) name += " " + key;
  return name;
}

// Levels and scales as wanted, and values and errors that follow from them, of the passes in force where `rows` are.
void ExpectQuantized(const std::shared_ptr<const TensorQuantizer>& quantizer, const at::Tensor& rows,
                     const QuantizedRows& wanted) {
  const QuantizedRows got = RowPass(quantizer).Quantize(rows);
  EXPECT_TRUE(got.levels.to(at::kCPU).equal(wanted.levels));
  // Sums in double whose order differs round to the same float, or to a neighbour.
  EXPECT_TRUE(got.scales.to(at::kCPU).allclose(wanted.scales, 1.2e-7, 0)) << got.scales << wanted.scales;
  at::Tensor errors;
  const at::Tensor values = RowPass(quantizer).Values(rows, &errors);
  EXPECT_TRUE(values.equal(Values(got)));
  EXPECT_TRUE(errors.allclose(RowErrors(rows, values), 1e-12, 0));
}

TEST(Kernels, QuantizeRowsLikeTheLoops) {
  int formulas = 0;
  for (const Case& c : Cases()) {
    SCOPED_TRACE(Name(c));
    const auto quantizer = QuantizerOf(c.name, c.options);
    if (quantizer == nullptr || quantizer->ByRows() == nullptr || quantizer->ByRows()->Formula() == nullptr) continue;
    ++formulas;
    for (const at::Tensor& rows : Weights()) {
      const QuantizedRows wanted = RowPass(quantizer).Quantize(rows);
      for (const std::string& device : Devices()) ExpectQuantized(quantizer, rows.to(at::Device(device)), wanted);
      for (const KernelPasses* passes : EmulatedPasses()) {
        const InstalledPasses installed(passes);
        ExpectQuantized(quantizer, rows, wanted);
      }
    }
  }
  EXPECT_GT(formulas, 40);
}

TEST(Kernels, GiveZerosTheScaleOfTheRule) {
  quant::ScaleRule rule;
  rule.of_zeros = 0.5;
  for (const quant::Scope scope : {quant::Scope::kRow, quant::Scope::kLayer}) {
    const quant::LevelRows loops({quant::Levels(ValueSet::Ternary(), quant::Levels::Ties::kRounder), rule, scope});
    for (const KernelPasses* passes : EmulatedPasses()) {
      const auto [levels, scales] = passes->Quantize(*loops.Formula(), at::zeros({2, 3}));
      EXPECT_TRUE(levels.equal(at::zeros({2, 3})));
      EXPECT_TRUE(scales.equal(at::full({2}, 0.5f)));
    }
  }
}

TEST(Kernels, ShowWeightsThatAreNoNumbers) {
  at::Tensor rows = Normal({3, 9});
  rows[1][4] = std::nanf("");
  for (const Case& c : Cases()) {
    const auto quantizer = QuantizerOf(c.name, c.options);
    if (quantizer == nullptr) continue;
    for (const KernelPasses* passes : EmulatedPasses()) {
      const InstalledPasses installed(passes);
      EXPECT_TRUE(RowPass(quantizer).Values(rows)[1].isnan().any().item<bool>()) << Name(c);
    }
  }
}

TEST(Kernels, MixLikeTheLoops) {
  const at::Tensor rows = Normal({7, 33}), values = Normal({7, 33}, 2);
  rows[2][3] = 0;
  const at::Tensor mask = Normal({7, 33}, 3).gt(0).to(at::kByte);
  ExpectSame([&] { return ElementErrors(rows, values); }, ExpectEqual);
  ExpectSame([&] { return MixElements(mask.flatten(), rows, values.clone()); }, ExpectEqual);
  ExpectSame([&] { return MixRows(mask.select(1, 0).contiguous(), rows, values.clone()); }, ExpectEqual);
}

// Effective weights and the gradients of all parameters: of the tensor operations and loops, and of the kernels.
TEST(Kernels, TrainEveryMethodLikeTheCpu) {
  for (const Case& c : Cases()) {
    for (const char* policy : {"none", "filter", "element"}) {
      const bool plain = policy == std::string("none");
      if (!plain && QuantizerOf(c.name, c.options) == nullptr) continue;
      SCOPED_TRACE(Name(c) + " " + policy);
      const MethodPlan plan =
          plain ? Plan(c.name, "none", {}, c.options) : Plan(c.name, "sq", {{"unit", Text(policy)}}, c.options);
      const auto step = [&plan] {
        const auto method = Make(plan, Normal({6, 4, 3, 3}));
        std::vector<at::Tensor> results = {method->Effective(Mode::kTrain, At(3, 0.5))};
        (results[0] * Normal({6, 4, 3, 3}, 4)).sum().backward();
        for (const TrainedParameter& parameter : method->Parameters()) results.push_back(parameter.tensor.grad());
        results.push_back(method->Effective(Mode::kEval, At(3, 0.5)));
        EXPECT_TRUE(results.back().equal(at::tensor(Dequantize(method->Freeze()).data).view({6, 4, 3, 3})));
        return results;
      };
      ExpectSame(step, [](const std::vector<at::Tensor>& got, const std::vector<at::Tensor>& wanted) {
        for (size_t i = 0; i < wanted.size(); ++i) EXPECT_TRUE(got[i].allclose(wanted[i], 2e-5, 1e-6)) << i;
      });
    }
  }
}

}  // namespace
}  // namespace lowbit::train
