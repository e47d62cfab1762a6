// Batch normalization with statistics of two states of the weights, on the weights that need it: searched ones. Golden
// values: section 4 of quant/methods/slb/spec.md.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <set>

#include "lowbit/core/evaluate.h"
#include "lowbit/data/dataset.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"

namespace lowbit::train {
namespace {

MethodPlan SlbPlan(const std::string& more = "") {
  const std::string text = "method = \"slb\"\n" + more;
  return ReadQuantizeSection(recipe::ParseRecipeText(text, "test").value()).value();
}

StepContext At(double progress) {
  StepContext context;
  context.progress = progress;
  return context;
}

void AddParameter(Graph* graph, const std::string& name, Shape shape, float value, ParameterTraits::Role role) {
  FloatTensor tensor(std::move(shape));
  std::fill(tensor.data.begin(), tensor.data.end(), value);
  graph->parameters[name].value = std::move(tensor);
  graph->parameters[name].traits.role = role;
}

// One weight and a batch normalization whose running statistics are those of the newest batch.
Graph OneWeight() {
  using Role = ParameterTraits::Role;
  Graph graph;
  graph.name = "one";
  graph.inputs = {{"image", {kDynamic, 1, 1, 1}}};
  AddParameter(&graph, "conv.weight", {1, 1, 1, 1}, 0, Role::kWeight);
  AddParameter(&graph, "bn.scale", {1}, 1, Role::kBias);
  AddParameter(&graph, "bn.bias", {1}, 0, Role::kBias);
  AddParameter(&graph, "bn.mean", {1}, 0, Role::kStatistic);
  AddParameter(&graph, "bn.var", {1}, 1, Role::kStatistic);
  graph.nodes.push_back({"conv", "Conv", {"image", "conv.weight"}, {"conv"}, {}});
  graph.nodes.push_back({"bn",
                         "BatchNormalization",
                         {"conv", "bn.scale", "bn.bias", "bn.mean", "bn.var"},
                         {"logits"},
                         {{"momentum", 0.0}}});
  graph.outputs = {"logits"};
  return graph;
}

NetworkOptions TwoStates(const std::string& more = "") {
  NetworkOptions options;
  options.method = SlbPlan(more);
  options.batch_norm.two_states = true;
  return options;
}

at::Tensor Find(const Network& network, const std::string& name) {
  for (const TrainedParameter& parameter : network.Parameters()) {
    if (parameter.name == name) return parameter.tensor;
  }
  ADD_FAILURE() << name;
  return {};
}

// The weight is 0.3 in training, at T = 1, and 1 where it is discrete.
Network OneWeightNetwork(bool two_states = true) {
  NetworkOptions options = TwoStates();
  options.batch_norm.two_states = two_states;
  Network network = Network::Create(OneWeight(), options);
  const at::NoGradGuard no_grad;
  Find(network, "conv.weight/logits").copy_(at::tensor({0.0f, static_cast<float>(2 * std::atanh(0.3))}).view({2, 1}));
  return network;
}

const at::Tensor kImages = at::tensor({1.0f, 2.0f, 4.0f, 7.0f}).view({4, 1, 1, 1});
// libtorch's running variance is the unbiased one.
constexpr double kUnbiased = 4. / 3;

double Buffer(const Network& network, const std::string& name) { return network.Buffers().at(name).item<double>(); }

TEST(StateBatchNorm, KeepsTheStatisticsOfBothStates) {
  Network network = OneWeightNetwork();
  const at::Tensor trained = network.Forward(kImages, Mode::kTrain, At(0)).detach().flatten();
  EXPECT_NEAR(Buffer(network, "bn/training_mean"), 1.05, 1e-6);
  EXPECT_NEAR(Buffer(network, "bn/training_variance"), .4725 * kUnbiased, 1e-6);
  EXPECT_EQ(Buffer(network, "bn.mean"), 0);
  EXPECT_EQ(Buffer(network, "bn.var"), 1);
  const at::Tensor followed = network.Forward(kImages, Mode::kFollow, At(0)).detach().flatten();
  EXPECT_NEAR(Buffer(network, "bn/training_mean"), 1.05, 1e-6);
  EXPECT_NEAR(Buffer(network, "bn.mean"), 3.5, 1e-6);
  EXPECT_NEAR(Buffer(network, "bn.var"), 5.25 * kUnbiased, 1e-6);
  const at::Tensor golden = at::tensor({-1.0911f, -.6547f, .2182f, 1.5275f});
  EXPECT_TRUE(trained.allclose(golden, 0, 1e-4));
  EXPECT_TRUE(trained.allclose(followed, 0, 2e-5));
  // Evaluation takes the discrete weight and its statistics.
  const at::Tensor evaluated = network.Forward(kImages, Mode::kEval, At(0)).detach().flatten();
  EXPECT_TRUE(evaluated.allclose(golden / std::sqrt(kUnbiased), 0, 1e-4));
  StepContext hybrid = At(0);
  hybrid.evaluate_hybrid = true;
  EXPECT_TRUE(network.Forward(kImages, Mode::kEval, hybrid).detach().flatten().allclose(evaluated, 0, 2e-5));
}

// Averages that correct their bias take the whole first batch, each state its own.
TEST(StateBatchNorm, EachStateCountsItsOwnBatches) {
  Graph graph = OneWeight();
  graph.nodes[1].attributes["momentum"] = 0.9;
  NetworkOptions options = TwoStates();
  options.batch_norm.average = BatchNormOptions::Average::kBiasCorrected;
  Network network = Network::Create(graph, options);
  const at::NoGradGuard no_grad;
  Find(network, "conv.weight/logits").copy_(at::tensor({0.0f, static_cast<float>(2 * std::atanh(0.3))}).view({2, 1}));
  network.Forward(kImages, Mode::kTrain, At(0));
  network.Forward(kImages, Mode::kFollow, At(0));
  EXPECT_NEAR(Buffer(network, "bn/training_mean"), 1.05, 1e-6);
  EXPECT_NEAR(Buffer(network, "bn.mean"), 3.5, 1e-6);
}

TEST(StateBatchNorm, FrozenStatisticsAreUsedAndStay) {
  NetworkOptions options;
  options.batch_norm.frozen = true;
  Network network = Network::Create(OneWeight(), options);
  const at::NoGradGuard no_grad;
  Find(network, "conv.weight").fill_(2);
  const at::Tensor trained = network.Forward(kImages, Mode::kTrain, At(0)).flatten();
  EXPECT_TRUE(trained.allclose(at::tensor({2.f, 4.f, 8.f, 14.f}), 1e-4));  // Mean 0 and variance 1.
  EXPECT_EQ(Buffer(network, "bn.mean"), 0);
  EXPECT_EQ(Buffer(network, "bn.var"), 1);
}

TEST(StateBatchNorm, OneBankMistakesOneStateForTheOther) {
  Network network = OneWeightNetwork(false);
  network.Forward(kImages, Mode::kTrain, At(0));
  const at::Tensor evaluated = network.Forward(kImages, Mode::kEval, At(0)).detach().flatten();
  const at::Tensor wrong = at::tensor({-.0727f, 1.3820f, 4.2916f, 8.6559f}) / std::sqrt(kUnbiased);
  EXPECT_TRUE(evaluated.allclose(wrong, 0, 1e-4));
}

TEST(StateBatchNorm, GradientsAreTheTrainedStatesAlone) {
  Network network = OneWeightNetwork();
  const at::Tensor trained = network.Forward(kImages, Mode::kTrain, At(0));
  {
    const at::NoGradGuard no_grad;
    EXPECT_FALSE(network.Forward(kImages, Mode::kFollow, At(0)).requires_grad());
  }
  const double mean = Buffer(network, "bn.mean");
  trained.square().sum().backward();
  EXPECT_EQ(Buffer(network, "bn.mean"), mean);
  EXPECT_FALSE(network.Buffers().at("bn.mean").requires_grad());
  EXPECT_TRUE(Find(network, "bn.scale").grad().defined());
  EXPECT_TRUE(Find(network, "conv.weight/logits").grad().defined());
  EXPECT_EQ(network.Parameters().size(), 3u);  // One scale and one shift for both states.
}

TEST(StateBatchNorm, StatesCoincideWhereTheWeightsDo) {
  NetworkOptions options = TwoStates("[slb]\nend = 1e7\nhard = false\n");
  Network network = Network::Create(OneWeight(), options);
  network.Forward(kImages, Mode::kTrain, At(1));
  network.Forward(kImages, Mode::kFollow, At(1));
  EXPECT_NEAR(Buffer(network, "bn/training_mean") / Buffer(network, "bn.mean"), 1, 1e-4);
  EXPECT_NEAR(Buffer(network, "bn/training_variance") / Buffer(network, "bn.var"), 1, 1e-4);
  StepContext continuous = At(1);
  continuous.evaluate_hybrid = true;
  const at::Tensor discrete = network.Forward(kImages, Mode::kEval, At(1)).detach();
  EXPECT_TRUE(network.Forward(kImages, Mode::kEval, continuous).detach().allclose(discrete, 1e-4, 0));
}

models::ModelInput HalfFashionInput() {
  models::ModelInput input;
  input.image = {1, 14, 14};
  input.classes = 10;
  input.mean = {73};
  input.scale = {1.0f / 90};
  return input;
}

const data::ImageSet& FashionImages() {
  static const data::ImageSet images = data::LoadDataset("fashion-mnist", "").value().train;
  return images;
}

at::Tensor View(const void* data, at::IntArrayRef shape, at::ScalarType type) {
  return at::from_blob(const_cast<void*>(data), shape, type);
}

// VGG-Small at an eighth of its width on the first 512 images of Fashion-MNIST, at half their size for a quarter of the
// time; searched weights between the first and the last layer.
struct Fashion {
  static constexpr int64_t kCount = 512, kBatch = 64;
  at::Tensor pixels =
      at::avg_pool2d(View(FashionImages().pixels.data(), {kCount, 1, 28, 28}, at::kByte).to(at::kFloat), 2);
  at::Tensor labels = View(FashionImages().labels.data(), {kCount}, at::kInt).to(at::kLong);
  Graph graph =
      models::BuildModel("vgg_cifar", HalfFashionInput(), recipe::ParseRecipeText("width = 0.125\n", "test").value(), 1)
          .value();
  Network network;

  explicit Fashion(const std::string& slb) : network(Network::Create(graph, Options(slb))) {}

  static NetworkOptions Options(const std::string& slb) {
    return TwoStates("skip = [\"conv1\", \"fc\"]\n[slb]\n" + slb);
  }
  at::Tensor Images(int64_t batch) const { return pixels.slice(0, batch * kBatch, (batch + 1) * kBatch); }

  void Calibrate() {
    const at::NoGradGuard no_grad;
    StepContext context;
    for (; context.batches_estimated < kCount / kBatch; ++context.batches_estimated) {
      network.Forward(Images(context.batches_estimated), Mode::kEstimate, context);
    }
  }

  double DiscreteAccuracy() {
    const at::NoGradGuard no_grad;
    return network.Forward(pixels, Mode::kEval, {}).argmax(1).eq(labels).to(at::kDouble).mean().item<double>();
  }
};

TEST(StateBatchNorm, CalibrationNormalizesItsOwnBatchAndRepeatsItself) {
  Fashion fashion("bits = 2\n");
  fashion.Calibrate();
  const auto first = fashion.network.Buffers();
  std::map<std::string, at::Tensor> copies;
  for (const auto& [name, tensor] : first) copies[name] = tensor.clone();
  fashion.Calibrate();
  for (const auto& [name, tensor] : fashion.network.Buffers()) EXPECT_TRUE(tensor.equal(copies.at(name))) << name;
  EXPECT_EQ(copies.at("bn3/training_mean").abs().max().item<double>(), 0);  // Its own bank is left alone.

  // On one batch, what comes out has mean 0 and variance 1 before scale (1) and shift (0) act.
  Network one = Network::Create(OneWeight(), TwoStates());
  one.Forward(kImages, Mode::kEstimate, At(0));
  const at::Tensor out = one.Forward(kImages, Mode::kEval, At(0)).detach();
  EXPECT_NEAR(out.mean().item<double>(), 0, 1e-6);
  EXPECT_NEAR(out.var().item<double>(), 1, 1e-4);
}

TEST(SearchedWeights, OverfitFashionImagesInTheirDiscreteState) {
  Fashion fashion("from = 0.2\nuntil = 0.8\n");
  OptimizerOptions options;
  options.kind = OptimizerOptions::Kind::kAdam;
  const auto optimizer = Optimizer::Create(options, fashion.network.Parameters());
  constexpr int64_t kEpochs = 14, kSteps = kEpochs * Fashion::kCount / Fashion::kBatch;
  for (int64_t step = 0; step < kSteps; ++step) {
    const int64_t batch = step % (Fashion::kCount / Fashion::kBatch);
    const StepContext context = At(static_cast<double>(step) / static_cast<double>(kSteps));
    const at::Tensor logits = fashion.network.Forward(fashion.Images(batch), Mode::kTrain, context);
    const at::Tensor labels = fashion.labels.slice(0, batch * Fashion::kBatch, (batch + 1) * Fashion::kBatch);
    optimizer->ZeroGradients();
    at::cross_entropy_loss(logits, labels).backward();
    optimizer->Step(0.01);
    if (step != kSteps / 5) continue;
    // The negative control: before annealing, without calibration, the discrete network guesses.
    EXPECT_LT(fashion.DiscreteAccuracy(), 0.3);
  }
  fashion.Calibrate();
  EXPECT_GT(fashion.DiscreteAccuracy(), 0.95);

  // What is exported computes the same, and holds two values a layer.
  const Graph frozen = fashion.network.Export(Weights::kFrozen);
  std::set<std::string> sets;
  for (const auto& [name, parameter] : frozen.parameters) {
    if (const auto* weight = std::get_if<QTensor>(&parameter.value)) sets.insert(weight->values.Name());
  }
  EXPECT_EQ(sets, std::set<std::string>{"binary"});
  const at::Tensor some = fashion.pixels.slice(0, 0, 4).to(at::kDouble).contiguous();
  const DoubleTensor images({4, 1, 14, 14}, {some.data_ptr<double>(), some.data_ptr<double>() + some.numel()});
  const std::vector<double> expected = Evaluate(frozen, {{"image", images}}).value().at("logits").data;
  const at::NoGradGuard no_grad;
  const at::Tensor logits = fashion.network.Forward(fashion.pixels.slice(0, 0, 4), Mode::kEval, {});
  EXPECT_TRUE(logits.flatten().to(at::kDouble).allclose(at::tensor(expected, at::kDouble), 1e-4, 1e-4));
}

}  // namespace
}  // namespace lowbit::train
