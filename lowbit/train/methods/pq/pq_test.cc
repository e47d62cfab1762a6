#include <gtest/gtest.h>
#include <torch/types.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "lowbit/train/method.h"
#include "lowbit/train/method_plan.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"

namespace lowbit::train::methods::pq {
namespace {

Config Text(const std::string& text) { return Config{text, ""}; }

std::unique_ptr<WeightMethod> Make(const at::Tensor& weight, ConfigTable options = {}) {
  ConfigTable section = {{"method", Text("pq")}, {"pq", Config{std::move(options), ""}}};
  return ReadQuantizeSection(Config{std::move(section), ""}).value().make({"c", "c.weight", weight.clone(), {}});
}

// [16, 8, 3, 3] of 128 kernels, each one of five: what a compressed file's layer looks like.
at::Tensor FiveKernels() {
  torch::manual_seed(1);
  const at::Tensor kernels = at::randn({5, 9}).to(at::kHalf).to(at::kFloat);
  return kernels.index_select(0, at::arange(128, at::kLong).remainder(5)).view({16, 8, 3, 3});
}

at::Tensor ToTorch(const QTensor& tensor) { return at::tensor(Dequantize(tensor).data).view(tensor.shape); }

TEST(Pq, TakesOverTheCodebookThatIsThere) {
  const auto method = Make(FiveKernels());
  EXPECT_EQ(method->Freeze().values.Name(), "codebook5x9 float16");
  EXPECT_TRUE(ToTorch(method->Freeze()).equal(FiveKernels()));
  EXPECT_TRUE(method->Master().equal(FiveKernels()));
  EXPECT_EQ(method->Statistics().error, 0);
}

TEST(Pq, ClustersOtherWeights) {
  const at::Tensor weight = at::randn({64, 32, 3, 3});
  const auto method = Make(weight);
  EXPECT_EQ(method->Freeze().values.Name(), "codebook256x9 float16");
  EXPECT_LT((method->Master() - weight).norm().item<double>(), 0.9 * weight.norm().item<double>());
  EXPECT_EQ(Make(at::randn({10, 64}))->Freeze().values.Name(), "codebook32x4 float16");
  EXPECT_EQ(Make(weight, {{"kernels", Config{int64_t{2}, ""}}, {"codebook", Text("int8")}})->Freeze().values.Name(),
            "codebook128x18 int8");
}

// Acceptance test 5 of the specification: the gradient of a codeword is the mean of its members' gradients.
TEST(Pq, GradientIsTheMeanOrTheSum) {
  for (const bool sum : {false, true}) {
    const auto method = Make(FiveKernels(), {{"gradient", Text(sum ? "sum" : "mean")}});
    const at::Tensor upstream = at::randn({16, 8, 3, 3});
    (method->Effective(Mode::kTrain, {}) * upstream).sum().backward();
    const at::Tensor gradient = method->Parameters().at(0).tensor.grad(), blocks = upstream.view({128, 9});
    for (int64_t k = 0; k < 5; ++k) {
      const at::Tensor members = blocks.slice(0, k, 128, 5);
      const at::Tensor expected = sum ? members.sum(0) : members.mean(0);
      EXPECT_TRUE(gradient[k].allclose(expected, 1e-5, 1e-6)) << k;
    }
  }
}

// The same test's second half: after any number of steps the members of a cluster are equal, bit for bit, and outside of
// training the layer has what a file will hold.
TEST(Pq, MembersStayEqual) {
  for (const char* codebook : {"float16", "int8", "float32"}) {
    const auto method = Make(FiveKernels(), {{"codebook", Text(codebook)}});
    const auto optimizer = Optimizer::Create({}, method->Parameters());
    for (int step = 0; step < 7; ++step) {
      optimizer->ZeroGradients();
      method->Effective(Mode::kTrain, {}).sin().sum().backward();
      optimizer->Step(0.05);
    }
    const at::Tensor blocks = method->Effective(Mode::kTrain, {}).detach().view({128, 9});
    EXPECT_FALSE(blocks.equal(FiveKernels().view({128, 9})));
    for (int64_t p = 5; p < 128; ++p) EXPECT_TRUE(blocks[p].equal(blocks[p - 5])) << p;
    EXPECT_TRUE(Validate(method->Freeze()).ok());
    EXPECT_TRUE(method->Effective(Mode::kEval, {}).equal(ToTorch(method->Freeze()))) << codebook;
  }
}

TEST(Pq, GoesOnAfterACheckpoint) {
  const auto first = Make(FiveKernels());
  const auto second = Make(FiveKernels().flip(0).contiguous());  // Other codes.
  const at::NoGradGuard no_grad;
  first->Parameters()[0].tensor.mul_(1.5);
  for (const auto& [name, tensor] : first->Buffers()) second->Buffers().at(name).copy_(tensor);
  second->Parameters()[0].tensor.copy_(first->Parameters()[0].tensor);
  EXPECT_TRUE(second->Master().equal(first->Master()));
  EXPECT_TRUE(ToTorch(second->Freeze()).equal(ToTorch(first->Freeze())));
}

TEST(Pq, BadOptions) {
  const auto error = [](ConfigTable options) {
    const ConfigTable section = {{"method", Text("pq")}, {"pq", Config{std::move(options), ""}}};
    const auto plan = ReadQuantizeSection(Config{section, ""});
    return plan.ok() ? "" : plan.error().message;
  };
  EXPECT_NE(error({{"gradient", Text("median")}}).find("quantize.pq.gradient"), std::string::npos);
  EXPECT_NE(error({{"kernel", Config{int64_t{1}, ""}}}).find("unknown key 'kernel'"), std::string::npos);
  EXPECT_NE(error({{"kernels", Config{int64_t{0}, ""}}}).find("quantize.pq.kernels"), std::string::npos);
}

TEST(Pq, ABlockMustDivideTheRows) {
  const Config rule = {ConfigTable{{"block", Config{int64_t{7}, ""}}}, ""};
  const ConfigTable options = {{"layers", Config{ConfigTable{{"c", rule}}, ""}}};
  EXPECT_THROW(Make(at::randn({10, 64}), options), std::runtime_error);
  EXPECT_EQ(Make(at::randn({10, 63}), options)->Freeze().values.block, 7);
}

}  // namespace
}  // namespace lowbit::train::methods::pq
