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
  EXPECT_EQ(method->Freeze().values.Name(), "codebook5x9_float16");
  EXPECT_TRUE(ToTorch(method->Freeze()).equal(FiveKernels()));
  EXPECT_TRUE(method->Master().equal(FiveKernels()));
  EXPECT_EQ(method->Statistics().error, 0);
}

TEST(Pq, ClustersOtherWeights) {
  const at::Tensor weight = at::randn({64, 32, 3, 3});
  const auto method = Make(weight);
  EXPECT_EQ(method->Freeze().values.Name(), "codebook256x9_float16");
  EXPECT_LT((method->Master() - weight).norm().item<double>(), 0.9 * weight.norm().item<double>());
  EXPECT_EQ(Make(at::randn({10, 64}))->Freeze().values.Name(), "codebook32x4_float16");
  EXPECT_EQ(Make(weight, {{"kernels", Config{int64_t{2}, ""}}, {"codebook", Text("int8")}})->Freeze().values.Name(),
            "codebook128x18_int8");
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

// --- Codes that move.

ConfigTable Moving(int64_t every, double share = 0.25, double until = 1) {
  return {{"reassign", Config{every, ""}},
          {"reassign_share", Config{share, ""}},
          {"reassign_until", Config{until, ""}},
          {"codebook", Text("float32")}};
}

// A layer of which every third block is to become another of the five kernels, by SGD on the squared difference.
class Chase {
 public:
  explicit Chase(const ConfigTable& options)
      : method_(Make(FiveKernels(), options)), optimizer_(Optimizer::Create({}, method_->Parameters())) {}

  double Step(int64_t iteration, double progress = 0) {
    StepContext context;
    context.iteration = iteration;
    context.progress = progress;
    optimizer_->ZeroGradients();
    const at::Tensor loss = (method_->Effective(Mode::kTrain, context) - Target()).square().sum();
    loss.backward();
    optimizer_->Step(0.02);
    return loss.item<double>();
  }
  double Run(int64_t steps) {
    double loss = 0;
    for (int64_t i = 0; i < steps; ++i) loss = Step(i);
    return loss;
  }
  at::Tensor Codes() const { return method_->Buffers().at("c.weight/codes").clone(); }
  WeightMethod* method() { return method_.get(); }
  Optimizer* optimizer() { return optimizer_.get(); }

 private:
  static at::Tensor Target() {
    const at::Tensor kernels = FiveKernels().view({128, 9}).slice(0, 0, 5), block = at::arange(128, at::kLong);
    return kernels.index_select(0, (block + block.remainder(3).eq(0)).remainder(5)).view({16, 8, 3, 3});
  }

  std::unique_ptr<WeightMethod> method_;
  std::unique_ptr<Optimizer> optimizer_;
};

TEST(Pq, CodesMoveToWhereTheLossIsLower) {
  Chase fixed({{"codebook", Text("float32")}}), moving(Moving(5));
  const at::Tensor start = moving.Codes();
  const double fixed_loss = fixed.Run(60), moving_loss = moving.Run(60);
  EXPECT_TRUE(fixed.Codes().equal(start));
  EXPECT_FALSE(moving.Codes().equal(start));
  EXPECT_LT(moving_loss, fixed_loss / 2);
  const MethodStatistics statistics = moving.method()->Statistics();
  EXPECT_GE(statistics.details.at("moves"), moving.Codes().ne(start).to(at::kDouble).mean().item<double>());
  EXPECT_LE(statistics.details.at("last_moves"), 0.25);
  // What a file holds is what a test multiplies with.
  EXPECT_TRUE(Validate(moving.method()->Freeze()).ok());
  EXPECT_TRUE(moving.method()->Effective(Mode::kEval, {}).equal(ToTorch(moving.method()->Freeze())));
}

TEST(Pq, CodesMoveAtTheirStepsOnly) {
  Chase chase(Moving(5));
  at::Tensor before = chase.Codes();
  for (int64_t i = 0; i < 12; ++i) {
    chase.Step(i);
    EXPECT_EQ(chase.Codes().equal(before), i != 10) << i;  // At 5 they have not come half of the way yet.
    EXPECT_LE(chase.Codes().ne(before).sum().item<int64_t>(), 128 / 4) << i;
    before = chase.Codes();
  }
}

TEST(Pq, AHigherRateMovesThemEarlier) {
  ConfigTable fast = Moving(5);
  fast["reassign_rate"] = Config{4.0, ""};
  Chase chase(fast);
  const at::Tensor start = chase.Codes();
  chase.Run(6);
  EXPECT_FALSE(chase.Codes().equal(start));
}

TEST(Pq, CodesStayInTheLastPart) {
  Chase chase(Moving(5, 0.25, 0.5));
  for (int64_t i = 0; i < 10; ++i) chase.Step(i, 0.4);
  const at::Tensor codes = chase.Codes(), latent = chase.method()->Parameters().at(1).tensor.detach().clone();
  for (int64_t i = 10; i < 30; ++i) chase.Step(i, 0.5);
  EXPECT_TRUE(chase.Codes().equal(codes));
  EXPECT_TRUE(chase.method()->Parameters().at(1).tensor.equal(latent));
}

// As long as no code moves, the codebook is trained as it is without the switch.
TEST(Pq, WithoutMovesTheCodebookIsTheSame) {
  Chase fixed({{"codebook", Text("float32")}}), moving(Moving(1000));
  EXPECT_EQ(fixed.method()->Parameters().size(), 1U);
  EXPECT_EQ(fixed.method()->Buffers().size(), 1U);
  EXPECT_EQ(fixed.Run(20), moving.Run(20));
  EXPECT_TRUE(fixed.method()->Parameters()[0].tensor.equal(moving.method()->Parameters()[0].tensor));
}

TEST(Pq, MovingCodesGoOnAfterACheckpoint) {
  Chase whole(Moving(4)), first(Moving(4)), second(Moving(4));
  whole.Run(30);
  first.Run(16);  // The next step is one that moves codes.
  {
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : first.method()->Buffers()) second.method()->Buffers().at(name).copy_(tensor);
    for (size_t i = 0; i < 2; ++i) {
      second.method()->Parameters()[i].tensor.copy_(first.method()->Parameters()[i].tensor);
    }
    ASSERT_TRUE(second.optimizer()->LoadState(first.optimizer()->State()).ok());
  }
  for (int64_t i = 16; i < 30; ++i) second.Step(i);
  EXPECT_TRUE(second.Codes().equal(whole.Codes()));
  EXPECT_TRUE(second.method()->Master().equal(whole.method()->Master()));
  EXPECT_EQ(second.method()->Statistics().details, whole.method()->Statistics().details);
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
  EXPECT_NE(error({{"reassign", Config{int64_t{-1}, ""}}}).find("quantize.pq.reassign"), std::string::npos);
  EXPECT_NE(error({{"reassign_share", Config{0.0, ""}}}).find("quantize.pq.reassign_share"), std::string::npos);
  EXPECT_NE(error({{"reassign_rate", Config{-1.0, ""}}}).find("quantize.pq.reassign_rate"), std::string::npos);
  EXPECT_NE(error({{"reassign_until", Config{1.5, ""}}}).find("quantize.pq.reassign_until"), std::string::npos);
}

TEST(Pq, ABlockMustDivideTheRows) {
  const Config rule = {ConfigTable{{"block", Config{int64_t{7}, ""}}}, ""};
  const ConfigTable options = {{"layers", Config{ConfigTable{{"c", rule}}, ""}}};
  EXPECT_THROW(Make(at::randn({10, 64}), options), std::runtime_error);
  EXPECT_EQ(Make(at::randn({10, 63}), options)->Freeze().values.block, 7);
}

}  // namespace
}  // namespace lowbit::train::methods::pq
