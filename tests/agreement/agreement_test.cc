// The trained network and its packed file give the same answers: the same Graph, through libtorch, through the runtime, and
// through the plain evaluation in double precision that both are held against.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/models/model.h"
#include "lowbit/runtime/model.h"
#include "lowbit/train/method.h"
#include "lowbit/train/network.h"
#include "lowbit/train/parameter.h"

namespace lowbit {
namespace {

constexpr int64_t kImages = 64;
constexpr int64_t kReferenceImages = 2;  // the plain evaluation is slow

struct Case {
  const char* network;
  Shape image;
  const char* method;
  const char* variant = "";
};

Config Options(const Case& c) {
  ConfigTable table;
  const std::string name = c.network;
  if (name == "resnet_cifar") table["depth"].value = int64_t{8};
  if (name == "alexnet_bn" || name == "resnet" || name == "mobilenet_v2") table["width"].value = 0.125;
  if (name == "mobilenet_v1" || name == "squeezenet") table["width"].value = 0.25;
  if (name == "fcn") table["width"].value = 0.0625;
  if (name == "squeezenet") table["bgr"].value = true;
  if (name == "speech_rnn") {
    table["cell"].value = std::string(c.variant);
    table["layers"].value = int64_t{2};
    table["stack"].value = int64_t{3};
    table["bidirectional"].value = true;
  }
  if (name == "resnet") {
    table["variant"].value = std::string(c.variant);
    table["depth"].value = int64_t{std::string(c.variant) == "sq" ? 18 : 50};
  }
  return Config{table, ""};
}

train::MethodPlan Plan(const std::string& method) {
  ConfigTable table;
  table["method"].value = method;
  return train::ReadQuantizeSection(Config{table, ""}).value();
}

std::vector<float> RandomImages(const Shape& image) {
  const CounterRandom random(7, StreamOf("images"));
  std::vector<float> pixels(static_cast<size_t>(kImages * Elements(image)));
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(random.Below(i, 256));
  return pixels;
}

// Some steps, so that batch-norm statistics and weights are not the initial ones.
void Train(train::Network* network, const torch::Tensor& images) {
  for (int64_t step = 0; step < 3; ++step) {
    train::StepContext context;
    context.iteration = step;
    network->Forward(images, train::Mode::kTrain, context).square().mean().backward();
    const torch::NoGradGuard no_gradients;
    for (const train::TrainedParameter& parameter : network->Parameters()) {
      if (parameter.tensor.grad().defined()) parameter.tensor.sub_(parameter.tensor.grad(), 0.01);
    }
  }
}

torch::Tensor Reference(const Graph& graph, const torch::Tensor& images) {
  const torch::Tensor wide = images.to(torch::kDouble).contiguous();
  const DoubleTensor input(wide.sizes().vec(), {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()});
  const auto values = Evaluate(graph, {{graph.inputs[0].name, input}});
  const DoubleTensor& logits = values.value().at(graph.outputs[0]);
  return torch::tensor(logits.data, torch::kDouble).view(logits.shape);
}

class AgreementTest : public testing::TestWithParam<Case> {};

TEST_P(AgreementTest, LogitsWithinTheirRangeAndTheSameClass) {
  const Case& c = GetParam();
  models::ModelInput input;
  input.image = c.image;
  input.classes = 10;
  input.mean.assign(static_cast<size_t>(c.image[0]), 120);
  input.scale = {1 / 64.0f};
  const Graph graph = models::BuildModel(c.network, input, Options(c), 3).value();
  train::NetworkOptions options;
  options.method = Plan(c.method);
  train::Network network = train::Network::Create(graph, options);

  std::vector<float> pixels = RandomImages(c.image);
  const torch::Tensor images = torch::from_blob(pixels.data(), {kImages, c.image[0], c.image[1], c.image[2]});
  Train(&network, images);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor expected = network.Forward(images, train::Mode::kEval, {}).contiguous();

  const Graph frozen = network.Export(train::Weights::kFrozen);
  const std::vector<uint8_t> file = lbm::Encode(frozen).value();
  runtime::Model model = runtime::Model::FromGraph(lbm::Decode(file, "test").value()).value();
  std::vector<float> logits(static_cast<size_t>(expected.numel()));
  ASSERT_TRUE(model.Run(pixels, kImages, logits).ok());
  const torch::Tensor actual = torch::from_blob(logits.data(), expected.sizes());

  const double range = (expected.max() - expected.min()).item<double>();
  EXPECT_GT(range, 0);
  EXPECT_LE((actual - expected).abs().max().item<double>(), 1e-4 * range);
  // Of a map some pixel may have two logits that are equal up to rounding.
  const bool map = expected.dim() == 4;
  const double different = actual.argmax(1).ne(expected.argmax(1)).to(torch::kDouble).mean().item<double>();
  EXPECT_LE(different, map ? 1e-3 : 0);

  const torch::Tensor reference = Reference(frozen, images.narrow(0, 0, kReferenceImages));
  for (const torch::Tensor& answers : {expected, actual}) {
    const torch::Tensor first = answers.narrow(0, 0, kReferenceImages).to(torch::kDouble);
    EXPECT_LE((first - reference).abs().max().item<double>(), 1e-4 * range);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, AgreementTest,
    testing::Values(Case{"small", {1, 28, 28}, "twn"}, Case{"small", {3, 20, 24}, "bwn"},
                    Case{"small", {1, 28, 28}, "none"}, Case{"resnet_cifar", {3, 32, 32}, "twn"},
                    Case{"resnet_cifar", {3, 32, 32}, "bwn"}, Case{"vgg9", {3, 32, 32}, "twn"},
                    Case{"alexnet_bn", {3, 67, 67}, "twn"}, Case{"resnet", {3, 40, 40}, "bwn", "torchvision"},
                    Case{"resnet", {3, 40, 40}, "twn", "sq"}, Case{"mobilenet_v2", {3, 40, 40}, "twn"},
                    Case{"mobilenet_v1", {3, 40, 40}, "twn"}, Case{"squeezenet", {3, 40, 40}, "twn"},
                    Case{"fcn", {1, 32, 32}, "none"}, Case{"fcn", {1, 32, 32}, "twn"},
                    Case{"speech_rnn", {1, 24, 10}, "inq", "lstm"}, Case{"speech_rnn", {1, 24, 10}, "twn", "lstm"},
                    Case{"speech_rnn", {1, 24, 10}, "dorefa", "gru"}),
    [](const auto& info) {
      return std::string(info.param.network) + "_" + info.param.method + "_" + std::to_string(info.index);
    });

}  // namespace
}  // namespace lowbit
