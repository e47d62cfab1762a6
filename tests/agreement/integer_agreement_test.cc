// Quantized activations: the trainer's integer evaluation, the plain one and the runtime give the same bits, for every value
// that lies on a grid and for every output.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph_text.h"
#include "lowbit/core/insert_quantizers.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/models/model.h"
#include "lowbit/runtime/model.h"
#include "lowbit/runtime/testing/random_integer_graph.h"
#include "lowbit/train/integer_network.h"
#include "lowbit/train/parameter.h"

namespace lowbit {
namespace {

using Answers = std::vector<std::vector<float>>;  // By output of the graph.

std::vector<float> Flat(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.to(torch::kFloat).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

// Every quantized value becomes an output too.
Graph WithQuantizedValues(Graph graph) {
  for (const Node& node : graph.nodes) {
    const bool listed = std::count(graph.outputs.begin(), graph.outputs.end(), node.outputs[0]) != 0;
    if (node.op == "Quant" && !listed) graph.outputs.push_back(node.outputs[0]);
  }
  return graph;
}

Answers OfPlain(const Graph& graph, const torch::Tensor& images) {
  const torch::Tensor wide = images.to(torch::kDouble).contiguous();
  const DoubleTensor input(wide.sizes().vec(), {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()});
  const auto values = Evaluate(ToIntegerForm(graph).value(), {{graph.inputs[0].name, input}}, Rounding::kFloat).value();
  Answers answers;
  for (const std::string& output : graph.outputs) {
    answers.emplace_back(values.at(output).data.begin(), values.at(output).data.end());
  }
  return answers;
}

Answers OfTrainer(const Graph& graph, const torch::Tensor& images) {
  const torch::NoGradGuard no_gradients;
  Answers answers;
  train::Network network = train::CreateIntegerNetwork(graph, "cpu");
  for (const torch::Tensor& output : network.Run({images}, train::Mode::kEval, {})) answers.push_back(Flat(output));
  return answers;
}

Answers OfRuntime(const Graph& graph, const torch::Tensor& images) {
  runtime::Model model = runtime::Model::FromGraph(graph).value();
  Answers answers;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    answers.emplace_back(static_cast<size_t>(model.OutputElements(i, images.size(0)).value()), -1234.5f);
  }
  const std::vector<Span<float>> spans(answers.begin(), answers.end());
  const std::vector<float> pixels = Flat(images);
  EXPECT_TRUE(model.Run({pixels}, images.size(0), spans).ok());
  return answers;
}

// --- Random graphs.

torch::Tensor RandomImages(Shape shape, int64_t images, uint64_t seed) {
  shape[0] = images;
  runtime::testing::RandomSource random(seed);
  return torch::tensor(random.Floats(Elements(shape), -3, 3)).view(shape);
}

TEST(IntegerAgreement, OnRandomGraphs) {
  for (uint64_t seed = 1000; seed < 1040; ++seed) {
    const Graph graph = WithQuantizedValues(runtime::testing::RandomIntegerGraph(seed).Build());
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(graph));
    const torch::Tensor images = RandomImages(graph.inputs[0].shape, 3, seed);
    const Answers expected = OfPlain(graph, images);
    ASSERT_EQ(OfTrainer(graph, images), expected);
    ASSERT_EQ(OfRuntime(graph, images), expected);
  }
}

// What stands between the quantizers: sums, what Mul and Add make of them.
TEST(IntegerAgreement, OnEveryValueOfRandomIntegerForms) {
  const torch::NoGradGuard no_gradients;
  train::NetworkOptions options;
  options.arithmetic = train::Arithmetic::kRounded;
  for (uint64_t seed = 2000; seed < 2040; ++seed) {
    Graph form = ToIntegerForm(runtime::testing::RandomIntegerGraph(seed).Build()).value();
    form.outputs.clear();
    for (const Node& node : form.nodes) form.outputs.push_back(node.outputs[0]);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(form));
    const torch::Tensor images = RandomImages(form.inputs[0].shape, 3, seed), wide = images.to(torch::kDouble);
    const DoubleTensor input(wide.sizes().vec(), {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()});
    const auto expected = Evaluate(form, {{"image", input}}, Rounding::kFloat).value();
    const std::vector<torch::Tensor> actual =
        train::Network::Create(form, options).Run({images}, train::Mode::kEval, {});
    for (size_t i = 0; i < form.outputs.size(); ++i) {
      const std::vector<double>& values = expected.at(form.outputs[i]).data;
      ASSERT_EQ(Flat(actual[i]), std::vector<float>(values.begin(), values.end())) << form.outputs[i];
    }
  }
}

// --- Trained networks.

struct Case {
  const char* network;
  Shape image;
  const char* method;
  int bits;
};

train::NetworkOptions OptionsOf(const Case& c) {
  ConfigTable table;
  table["method"].value = std::string(c.method);
  train::NetworkOptions options;
  options.method = train::ReadQuantizeSection(Config{table, ""}).value();
  return options;
}

Graph BuildFloat(const Case& c) {
  models::ModelInput input;
  input.image = c.image;
  input.classes = 10;
  input.mean.assign(static_cast<size_t>(c.image[0]), 120);
  input.scale = {1 / 64.0f};
  ConfigTable options;
  if (std::string(c.network) == "resnet_cifar") options["depth"].value = int64_t{8};
  return models::BuildModel(c.network, input, Config{options, ""}, 3).value();
}

// With quantizers whose grids hold what comes in at the start.
Graph BuildQuantized(const Case& c, const torch::Tensor& images) {
  const torch::NoGradGuard no_gradients;
  const Graph graph = BuildFloat(c);
  const std::vector<QuantizableValue> values = QuantizableValues(graph);
  Graph measured = graph;
  measured.outputs.clear();
  for (const QuantizableValue& value : values) measured.outputs.push_back(value.value);
  const std::vector<torch::Tensor> floats =
      train::Network::Create(measured, OptionsOf(c)).Run({images}, train::Mode::kEstimate, {});
  std::map<std::string, ActivationGrid> grids;
  for (size_t i = 0; i < values.size(); ++i) {
    const double steps = std::exp2(values[i].nonnegative ? c.bits : c.bits - 1) - 1;
    grids[values[i].value] = {floats[i].abs().max().item<double>() / steps, c.bits, !values[i].nonnegative};
  }
  return InsertQuantizers(graph, grids);
}

// Some steps, so that weights are not the initial ones; small ones, which silence no ReLU.
Graph TrainAndFreeze(const Case& c, const torch::Tensor& images) {
  train::Network network = train::Network::Create(BuildQuantized(c, images), OptionsOf(c));
  for (int64_t step = 0; step < 3; ++step) {
    train::StepContext context;
    context.iteration = step;
    network.Forward(images, train::Mode::kTrain, context).square().mean().backward();
    const torch::NoGradGuard no_gradients;
    for (const train::TrainedParameter& parameter : network.Parameters()) {
      EXPECT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
      if (parameter.tensor.grad().defined()) parameter.tensor.sub_(parameter.tensor.grad().sign(), 1e-4);
    }
  }
  const torch::NoGradGuard no_gradients;
  network.Forward(images, train::Mode::kEstimate, {});  // Running averages of three steps would be far from any value.
  return network.Export(train::Weights::kFrozen);
}

void ExpectIntegerKernels(const Graph& graph) {
  const runtime::Model model = runtime::Model::FromGraph(graph).value();
  int products = 0;
  for (const runtime::NodePlan& node : model.Nodes()) {
    if (node.op != "Conv" && node.op != "Gemm") continue;
    ++products;
    EXPECT_NE(node.kernel.find("_u"), std::string::npos) << node.node << ": " << node.kernel;
  }
  EXPECT_GT(products, 2);
}

class TrainedIntegerAgreement : public testing::TestWithParam<Case> {};

TEST_P(TrainedIntegerAgreement, ToTheLastBit) {
  const Case& c = GetParam();
  const CounterRandom random(7, StreamOf("images"));
  torch::Tensor images = torch::empty({16, c.image[0], c.image[1], c.image[2]});
  for (int64_t i = 0; i < images.numel(); ++i) {
    images.data_ptr<float>()[i] = static_cast<float>(random.Below(static_cast<uint64_t>(i), 256));
  }
  const Graph frozen = TrainAndFreeze(c, images), graph = WithQuantizedValues(frozen);
  ExpectIntegerKernels(frozen);
  const Answers expected = OfTrainer(graph, images);
  EXPECT_EQ(OfRuntime(graph, images), expected);
  const torch::Tensor first = images.narrow(0, 0, 1);  // The plain evaluation is slow.
  EXPECT_EQ(OfPlain(graph, first), OfTrainer(graph, first));
  for (const std::vector<float>& values : expected) {
    EXPECT_NE(*std::min_element(values.begin(), values.end()), *std::max_element(values.begin(), values.end()));
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, TrainedIntegerAgreement,
                         testing::Values(Case{"small", {1, 28, 28}, "twn", 8}, Case{"small", {3, 20, 24}, "bwn", 2},
                                         Case{"resnet_cifar", {3, 32, 32}, "twn", 8},
                                         Case{"resnet_cifar", {3, 32, 32}, "bwn", 4},
                                         Case{"vgg9", {3, 32, 32}, "twn", 8}),
                         [](const auto& info) {
                           return std::string(info.param.network) + "_" + info.param.method +
                                  std::to_string(info.param.bits) + "_" + std::to_string(info.index);
                         });

}  // namespace
}  // namespace lowbit
