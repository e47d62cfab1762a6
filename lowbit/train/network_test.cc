// The executor as a whole: training mode, state, export, errors.

#include "lowbit/train/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "lowbit/core/evaluate.h"
#include "lowbit/models/model.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/test_small_net.h"

namespace lowbit::train {
namespace {

using ::testing::HasSubstr;
using Role = ParameterTraits::Role;

MethodPlan Ternary(const std::string& policy = "none", std::vector<std::string> skip = {}) {
  ConfigArray names;
  for (const std::string& name : skip) names.push_back(Config{name, ""});
  return ReadQuantizeSection(Config{ConfigTable{{"method", Config{std::string("twn"), ""}},
                                                {"policy", Config{policy, ""}},
                                                {"skip", Config{names, ""}}},
                                    ""})
      .value();
}

// Some steps of training with SQ and dropout.
void TrainSteps(Network* network, int64_t first, int64_t count) {
  const auto optimizer = Optimizer::Create({}, network->Parameters());
  for (int64_t i = first; i < first + count; ++i) {
    StepContext context;
    context.iteration = i;
    context.ratio = 0.5;
    const at::Tensor labels = at::arange(8).remainder(4);
    const at::Tensor loss = CrossEntropy(network->Forward(Images(8), Mode::kTrain, context), labels, 0.1);
    optimizer->ZeroGradients();
    loss.backward();
    optimizer->Step(0.01);
  }
}

at::Tensor Logits(Network* network, const at::Tensor& images) {
  const at::NoGradGuard no_grad;
  return network->Forward(images, Mode::kEval, {});
}

DoubleTensor ToDouble(const at::Tensor& tensor) {
  const at::Tensor wide = tensor.to(at::kDouble).contiguous();
  return DoubleTensor(tensor.sizes().vec(), {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()});
}

at::Tensor Reference(const Graph& graph, const at::Tensor& images) {
  const auto values = Evaluate(graph, {{graph.inputs[0].name, ToDouble(images)}});
  const DoubleTensor& logits = values.value().at(graph.outputs[0]);
  return at::tensor(logits.data, at::kDouble).view(logits.shape);
}

TEST(Network, TrainedAndExportedValuesGiveTheSameAnswersAsTheReference) {
  for (const char* policy : {"none", "sq"}) {
    NetworkOptions options;
    options.method = Ternary(policy, {"fc"});
    options.arithmetic = Arithmetic::kFloat64;
    Network network = Network::Create(SmallNet(0.3), options);
    TrainSteps(&network, 0, 3);
    const at::Tensor logits = Logits(&network, Images(3, 5));
    // Everything in double, but exported parameters are rounded to float (relative 6e-8); the logits are of order 1e2
    // and sums of some hundred products.
    const double tolerance = 1e-4;
    const Graph frozen = network.Export(Weights::kFrozen);
    ASSERT_TRUE(std::holds_alternative<QTensor>(frozen.parameters.at("conv2.weight").value));
    ASSERT_TRUE(std::holds_alternative<FloatTensor>(frozen.parameters.at("fc.weight").value));
    EXPECT_TRUE(logits.allclose(Reference(frozen, Images(3, 5)), 1e-6, tolerance)) << policy;
    // Starting again from the float export gives the same network.
    Network again = Network::Create(network.Export(Weights::kFloat), options);
    EXPECT_TRUE(logits.allclose(Logits(&again, Images(3, 5)), 1e-6, tolerance)) << policy;
  }
}

TEST(Network, RunsTheNetworksOfTheShelf) {
  models::ModelInput input;
  input.image = {1, 28, 28};
  input.classes = 10;
  input.mean = {70};
  input.scale = {0.01f};
  NetworkOptions options;
  options.arithmetic = Arithmetic::kFloat64;
  const Graph graph = models::BuildModel("small", input, Config(), 1).value();
  Network network = Network::Create(graph, options);
  torch::manual_seed(1);
  const at::Tensor images = at::rand({1, 1, 28, 28}).mul_(255);
  // Double against double; only the order of the sums differs.
  EXPECT_TRUE(Logits(&network, images).allclose(Reference(graph, images), 1e-9, 1e-9));
}

TEST(Network, TrainingIsRepeatableToTheLastBit) {
  std::vector<at::Tensor> results;
  for (int run = 0; run < 2; ++run) {
    NetworkOptions options;
    options.method = Ternary("sq");
    Network network = Network::Create(SmallNet(0.3), options);
    TrainSteps(&network, 0, 5);
    results.push_back(Logits(&network, Images(4)));
  }
  EXPECT_TRUE(results[0].equal(results[1]));
}

TEST(Network, ParametersAndBuffersAreAllThatAContinuationNeeds) {
  NetworkOptions options;
  options.method = Ternary("sq");
  options.batch_norm.average = BatchNormOptions::Average::kBiasCorrected;
  Network whole = Network::Create(SmallNet(0.3), options), half = Network::Create(SmallNet(0.3), options);
  TrainSteps(&whole, 0, 2);
  {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < half.Parameters().size(); ++i) {
      at::Tensor(half.Parameters()[i].tensor).copy_(whole.Parameters()[i].tensor);
    }
    auto buffers = half.Buffers();
    for (const auto& [name, tensor] : whole.Buffers()) buffers.at(name).copy_(tensor);
  }
  TrainSteps(&whole, 2, 2);
  TrainSteps(&half, 2, 2);
  EXPECT_TRUE(Logits(&whole, Images(4)).equal(Logits(&half, Images(4))));
}

TEST(Network, ChannelsLastChangesRoundingOnly) {
  std::vector<at::Tensor> results;
  for (const MemoryFormat format : {MemoryFormat::kContiguous, MemoryFormat::kChannelsLast}) {
    NetworkOptions options;
    options.method = Ternary();
    options.memory_format = format;
    Network network = Network::Create(SmallNet(), options);
    const at::Tensor logits = network.Forward(Images(8), Mode::kTrain, {});
    logits.pow(2).sum().backward();
    results.push_back(at::cat({logits.detach().flatten(), network.Parameters()[4].tensor.grad().flatten()}));
  }
  // Float sums of some hundred products.
  EXPECT_TRUE(results[0].allclose(results[1], 1e-3, 1e-3 * results[0].abs().max().item<double>()));
}

// A convolution of the image, "conv.out", and a ReLU of it, "relu.out"; both are outputs.
Graph ConvAndRelu() {
  Graph graph;
  graph.inputs = {{"image", {kDynamic, 2, 9, 9}}};
  AddParameter(&graph, "weight", Values({6, 2, 3, 3}, 1), Role::kWeight);
  graph.nodes.push_back({"conv", "Conv", {"image", "weight"}, {"conv.out"}, {}});
  graph.nodes.push_back({"relu", "Relu", {"conv.out"}, {"relu.out"}, {}});
  graph.outputs = {"conv.out", "relu.out"};
  return graph;
}

TEST(Network, IsChannelsLastOnTheCpuUnlessToldOtherwise) {
  for (const MemoryFormat format : {MemoryFormat::kAuto, MemoryFormat::kContiguous}) {
    NetworkOptions options;
    options.memory_format = format;
    const at::Tensor result = Network::Create(ConvAndRelu(), options).Run({Images(2)}, Mode::kEval, {}).at(0);
    EXPECT_EQ(result.is_contiguous(at::MemoryFormat::ChannelsLast), format == MemoryFormat::kAuto);
  }
}

TEST(Network, ReluDoesNotOverwriteWhatOthersRead) {
  const auto results = Network::Create(ConvAndRelu(), {}).Run({Images(2)}, Mode::kTrain, {});
  EXPECT_LT(results[0].min().item<float>(), 0);
  EXPECT_TRUE(results[1].equal(results[0].clamp_min(0)));
}

TEST(Network, LogitsAndGradientsInFloatAreThoseInDouble) {
  std::vector<std::vector<at::Tensor>> results(2);
  for (const bool wide : {false, true}) {
    NetworkOptions options;
    options.arithmetic = wide ? Arithmetic::kFloat64 : Arithmetic::kFloat32;
    Network network = Network::Create(SmallNet(), options);
    const at::Tensor logits = network.Forward(Images(8), Mode::kTrain, {});
    logits.pow(2).sum().backward();
    results[wide].push_back(logits.detach().to(at::kDouble));
    for (const TrainedParameter& p : network.Parameters()) results[wide].push_back(p.tensor.grad().to(at::kDouble));
  }
  for (size_t i = 0; i < results[0].size(); ++i) {
    // Float sums of some thousand products.
    EXPECT_TRUE(results[0][i].allclose(results[1][i], 1e-3, 1e-3 * results[1][i].abs().max().item<double>())) << i;
  }
}

// 1 - cosine of the angle between the two, in double.
double Turned(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.flatten().to(at::kDouble), y = b.flatten().to(at::kDouble);
  return 1 - (x.dot(y) / (x.norm() * y.norm())).item<double>();
}

TEST(Network, MixedPrecisionRoundsTrainingButNotTests) {
  std::vector<at::Tensor> trained, tested, gradients;
  for (const MixedPrecision mixed : {MixedPrecision::kOff, MixedPrecision::kTraining}) {
    NetworkOptions options;
    options.method = Ternary();
    options.mixed_precision = mixed;
    Network network = Network::Create(SmallNet(), options);
    tested.push_back(Logits(&network, Images(8)));
    const at::Tensor logits = network.Forward(Images(8), Mode::kTrain, {});
    EXPECT_EQ(logits.scalar_type(), at::kFloat);
    logits.pow(2).sum().backward();
    trained.push_back(logits.detach());
    gradients.push_back(network.Parameters()[4].tensor.grad());
    EXPECT_EQ(gradients.back().scalar_type(), at::kFloat);
  }
  EXPECT_TRUE(tested[1].equal(tested[0]));
  EXPECT_FALSE(trained[1].equal(trained[0]));
  // Eight binary digits: products err by some 1/256 each way.
  EXPECT_LT(Turned(trained[1], trained[0]), 1e-3);
  EXPECT_LT(Turned(gradients[1], gradients[0]), 1e-2);
}

// Running mean and variance of bn1 after training-mode passes over these batches.
std::vector<double> RunningStatistics(const BatchNormOptions& batch_norm, const std::vector<at::Tensor>& batches) {
  Graph graph;
  graph.inputs = {{"image", {kDynamic, 1, 2, 2}}};
  AddBatchNorm(&graph, "bn", "image", 1, {{"momentum", 0.75}});
  graph.outputs = {"bn.out"};
  NetworkOptions options;
  options.batch_norm = batch_norm;
  Network network = Network::Create(graph, options);
  for (const at::Tensor& batch : batches) network.Forward(batch, Mode::kTrain, {});
  return {network.Buffers().at("bn.mean").item<double>(), network.Buffers().at("bn.variance").item<double>()};
}

TEST(BatchNorm, KeepsBothKindsOfRunningAverages) {
  using Average = BatchNormOptions::Average;
  std::vector<at::Tensor> batches;
  double ema_mean = 0, ema_variance = 1, sum_mean = 0, sum_variance = 0, factor = 0;
  for (uint64_t i = 0; i < 3; ++i) {
    batches.push_back(Images(3, i).slice(1, 0, 1).slice(2, 0, 2).slice(3, 0, 2).div(40.0));
    const double mean = batches.back().mean().item<double>(), variance = batches.back().var().item<double>();
    ema_mean = 0.75 * ema_mean + 0.25 * mean, ema_variance = 0.75 * ema_variance + 0.25 * variance;
    sum_mean = 0.75 * sum_mean + mean, sum_variance = 0.75 * sum_variance + variance, factor = 0.75 * factor + 1;
  }
  const std::vector<double> ema = RunningStatistics({Average::kEma, -1}, batches);
  EXPECT_NEAR(ema[0], ema_mean, 1e-5);
  EXPECT_NEAR(ema[1], ema_variance, 1e-5);
  const std::vector<double> corrected = RunningStatistics({Average::kBiasCorrected, -1}, batches);
  EXPECT_NEAR(corrected[0], sum_mean / factor, 1e-5);
  EXPECT_NEAR(corrected[1], sum_variance / factor, 1e-5);
  const std::vector<double> frozen = RunningStatistics({Average::kEma, 1.0}, batches);
  EXPECT_EQ(frozen, (std::vector<double>{0, 1}));
}

TEST(BatchNorm, EstimatesThePlainMeanWithTheWeightsAndUnitsOfATest) {
  NetworkOptions options;
  options.method = Ternary("sq");
  Network network = Network::Create(SmallNet(0.5), options);
  TrainSteps(&network, 0, 2);
  StepContext context;
  context.ratio = 0.5;  // As little as dropout a matter of this mode.
  std::vector<at::Tensor> means, variances;
  // What bn1 sees: conv1 with its frozen weights.
  const Graph frozen = network.Export(Weights::kFrozen);
  const FloatTensor weight = Dequantize(std::get<QTensor>(frozen.parameters.at("conv1.weight").value));
  const at::Tensor conv1 = at::tensor(weight.data).view(weight.shape);
  const at::NoGradGuard no_grad;
  for (const uint64_t i : {0, 1, 2}) {
    const at::Tensor images = Images(4, i), x = at::conv2d(images, conv1, {}, 1, 1);
    means.push_back(x.mean({0, 2, 3}));
    variances.push_back(x.var({0, 2, 3}));
    context.batches_estimated = static_cast<int64_t>(i);
    context.iteration = static_cast<int64_t>(i);
    const at::Tensor output = network.Forward(images, Mode::kEstimate, context);
    context.batches_estimated = 0;
    if (i == 0) {
      EXPECT_TRUE(output.equal(network.Forward(images, Mode::kEstimate, context)));
    }
  }
  // Sums of 4 * 81 floats, three times.
  EXPECT_TRUE(network.Buffers().at("bn1.mean").allclose(at::stack(means).mean(0), 1e-5, 1e-3));
  EXPECT_TRUE(network.Buffers().at("bn1.variance").allclose(at::stack(variances).mean(0), 1e-5, 1e-3));
  EXPECT_EQ(network.RunningStatistics().size(), 4u);
}

TEST(Network, ReportsEachLayer) {
  NetworkOptions options;
  options.method = Ternary("sq", {"fc"});
  Network network = Network::Create(SmallNet(), options);
  TrainSteps(&network, 0, 1);
  const std::vector<LayerStatistics> statistics = network.Statistics();
  ASSERT_EQ(statistics.size(), 3u);
  EXPECT_EQ(statistics[0].layer, "conv1");
  EXPECT_EQ(statistics[1].parameter, "conv2.weight");
  EXPECT_EQ(statistics[0].quantized_share, 0.5);
  EXPECT_EQ(statistics[2].quantized_share, 0);
  EXPECT_EQ(statistics[2].error, 0);
  // Gaussian rows of 54 weights: e = 0.43 +- 0.05 a row (specification, section 1.3), here the mean of six.
  EXPECT_NEAR(statistics[1].mean_row_error, 0.43, 0.1);
  EXPECT_EQ(network.LayerValues("conv2").size(), 6u * 54);
}

TEST(Network, DropoutFollowsTheIterationInTrainingOnly) {
  Network network = Network::Create(SmallNet(0.5), {});
  const auto forward = [&network](Mode mode, int64_t iteration) {
    StepContext context;
    context.iteration = iteration;
    return network.Forward(Images(8), mode, context).detach();
  };
  EXPECT_TRUE(forward(Mode::kTrain, 1).equal(forward(Mode::kTrain, 1)));
  EXPECT_FALSE(forward(Mode::kTrain, 1).equal(forward(Mode::kTrain, 2)));
  const at::Tensor first = forward(Mode::kEval, 1);
  EXPECT_TRUE(first.equal(forward(Mode::kEval, 2)));
}

std::string CreateError(const Graph& graph, const NetworkOptions& options) {
  try {
    Network::Create(graph, options);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(Network, RefusesWhatItCannotRun) {
  NetworkOptions skips_nothing;
  skips_nothing.method = Ternary("none", {"conv3"});
  EXPECT_THAT(CreateError(SmallNet(), skips_nothing), HasSubstr("'conv3'"));
  Graph invalid = SmallNet();
  invalid.nodes[0].inputs[0] = "imago";
  EXPECT_THAT(CreateError(invalid, {}), HasSubstr("imago"));
  NetworkOptions no_device;
  no_device.device = "cuda";
  if (!at::hasCUDA()) {
    EXPECT_THAT(CreateError(SmallNet(), no_device), HasSubstr("no CUDA device"));
  }
  no_device.device = "gpu";
  EXPECT_THAT(CreateError(SmallNet(), no_device), HasSubstr("'gpu'"));
  Network network = Network::Create(SmallNet(), {});
  EXPECT_THROW(network.Forward(at::zeros({2, 2, 9, 8}), Mode::kEval, {}), std::invalid_argument);
}

}  // namespace
}  // namespace lowbit::train
