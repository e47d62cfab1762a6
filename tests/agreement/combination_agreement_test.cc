// Any method of weights with any method of activations: a step trains, every layer ends low-bit, and the packed network gives the
// trainer's answers, to the last bit where activations are quantized.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "lowbit/format/lbm/lbm.h"
#include "lowbit/models/model.h"
#include "lowbit/runtime/model.h"
#include "lowbit/train/activation_method.h"
#include "lowbit/train/activation_plan.h"
#include "lowbit/train/integer_network.h"
#include "lowbit/train/method.h"
#include "lowbit/train/method_plan.h"
#include "lowbit/train/network.h"
#include "lowbit/train/test_section.h"

namespace lowbit {
namespace {

using train::Lines;
using train::Section;

// Every method of the shelf, and SQ over those that it takes; with `variants` also what changes a method's value set.
std::vector<Lines> WeightMethods(bool variants) {
  std::vector<Lines> all;
  for (const train::methods::ShelfEntry& entry : train::methods::ShelfEntries()) {
    const std::string method = std::string("method=") + entry.name;
    all.push_back({method});
    if (entry.function(Config{ConfigTable(), ""}).value().quantizer == nullptr) continue;
    all.push_back({method, "policy=sq"});
  }
  if (!variants) return all;
  for (const char* bits : {"1", "2", "3"}) {
    for (const char* method : {"uniform", "dorefa", "ul2q", "slb", "lsq", "esb", "inq", "srq"}) {
      const bool one_bit = std::string("uniform dorefa ul2q slb").find(method) != std::string::npos;
      if (bits == std::string("1") && !one_bit) continue;
      all.push_back({std::string("method=") + method, std::string(method) + ".bits=" + bits});
    }
  }
  all.push_back({"method=esb", "esb.k=auto", "policy=sq", "sq.unit=element"});
  all.push_back({"method=slb", "slb.bits=2", "slb.scale=channel", "slb.learn_values=true"});
  all.push_back({"method=srq", "srq.variant=rq_st"});
  all.push_back({"method=srq", "srq.dropbits=true", "srq.estimator=full_vector", "srq.bit_price=0.1"});
  return all;
}

std::string Joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + " ";
  return text;
}

Graph Build(const std::string& network, const Shape& image, int64_t depth) {
  models::ModelInput input;
  input.image = image;
  input.classes = 4;
  input.mean.assign(static_cast<size_t>(image[0]), 120);
  input.scale = {1 / 64.0f};
  ConfigTable options;
  if (depth > 0) options["depth"].value = depth;
  if (network == "small") options["channels"].value = ConfigArray{Config{int64_t{6}, ""}, Config{int64_t{8}, ""}};
  return models::BuildModel(network, input, Config{options, ""}, 3).value();
}

// What a run's start would measure, roughly.
void SetMeasuredScales(Graph* graph, int64_t bits) {
  for (const Node* node : train::MeasuredQuantizers(*graph)) {
    const bool edge = node->op == "Quant" && bits != 8 &&
                      std::get<FloatTensor>(graph->parameters.at(node->inputs[3]).value).data[0] == 8;
    std::get<FloatTensor>(graph->parameters.at(node->inputs[1]).value).data[0] = edge ? .03f : .3f;
  }
}

train::Network Trained(const recipe::QuantizeSection& section, const Graph& plain, const torch::Tensor& images) {
  Graph graph = train::QuantizeActivations(plain, section).value();
  SetMeasuredScales(&graph, section.activations.bits);
  train::NetworkOptions options;
  options.method = train::ReadQuantizeSection(recipe::MethodTable(section)).value();
  if (section.activations.bits != 0) options.activation = train::CreateActivationMethod(section.activations).value();
  options.seed = 3;
  train::Network network = train::Network::Create(graph, options);
  train::StepContext context;
  context.ratio = 0.5;
  context.progress = 0.5;
  torch::Tensor loss = network.Forward(images, train::Mode::kTrain, context).square().mean();
  if (const torch::Tensor price = network.Regularizer(); price.defined()) loss = loss + price;
  loss.backward();
  const torch::NoGradGuard no_gradients;
  bool moved = false;
  for (const train::TrainedParameter& parameter : network.Parameters()) {
    const torch::Tensor& gradient = parameter.tensor.grad();
    if (!gradient.defined()) continue;
    EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << parameter.name;
    moved = moved || (parameter.name.rfind("conv", 0) == 0 && gradient.ne(0).any().item<bool>());
    parameter.tensor.sub_(gradient.sign(), 1e-4);
  }
  EXPECT_TRUE(moved);
  network.Forward(images, train::Mode::kEstimate, {});  // Running averages of one step would be far from any value.
  return network;
}

void ExpectLowBitWeights(const Graph& frozen) {
  for (const Node& node : frozen.nodes) {
    if (node.op != "Conv" && node.op != "Gemm") continue;
    EXPECT_TRUE(std::holds_alternative<QTensor>(frozen.parameters.at(node.inputs[1]).value)) << node.name;
  }
}

void ExpectSameAnswers(const Lines& lines, const Graph& plain, const torch::Tensor& images) {
  SCOPED_TRACE(Joined(lines));
  const recipe::QuantizeSection section = Section(lines);
  train::Network network = Trained(section, plain, images);
  const torch::NoGradGuard no_gradients;
  const Graph frozen = network.Export(train::Weights::kFrozen);
  ExpectLowBitWeights(frozen);
  const bool integers = section.activations.bits != 0;
  const torch::Tensor expected =
      integers ? train::CreateIntegerNetwork(frozen, "cpu").Forward(images, train::Mode::kEval, {}).to(torch::kFloat)
               : network.Forward(images, train::Mode::kEval, {}).contiguous();
  const Graph read = lbm::Decode(lbm::Encode(frozen).value(), "test").value();
  runtime::Model model = runtime::Model::FromGraph(read).value();
  const torch::Tensor flat = images.contiguous();
  torch::Tensor actual = torch::empty_like(expected);
  ASSERT_TRUE(model
                  .Run({flat.data_ptr<float>(), static_cast<size_t>(flat.numel())}, images.size(0),
                       {actual.data_ptr<float>(), static_cast<size_t>(actual.numel())})
                  .ok());
  const double range = (expected.max() - expected.min()).item<double>();
  EXPECT_GT(range, 0);
  // Trained values are no integers times a power of two: their products are float sums, in an order of each executor's own.
  const bool learned = std::count(lines.begin(), lines.end(), "slb.learn_values=true") != 0;
  const bool floats = !integers || learned || section.method == "ttq" || section.method == "pq";
  if (floats) {
    EXPECT_LE((actual - expected).abs().max().item<double>(), 1e-4 * range);
  } else {
    EXPECT_TRUE(actual.equal(expected));
  }
}

torch::Tensor Images(const Shape& image, int64_t count) {
  torch::manual_seed(5);
  return torch::rand({count, image[0], image[1], image[2]}).mul_(255).floor_();
}

class Combinations : public testing::TestWithParam<std::string> {};

TEST_P(Combinations, TrainPackAndRun) {
  const Shape image = {1, 12, 12};
  const Graph plain = Build("small", image, 0);
  const bool variants = GetParam() == "floats" || GetParam() == "measured";
  for (const Lines& weights : WeightMethods(variants)) {
    Lines lines = weights;
    if (GetParam() != "floats") {
      lines.push_back("activations.method=" + GetParam());
      if (GetParam() != "sign") lines.emplace_back("activations.bits=4");
    }
    ExpectSameAnswers(lines, plain, Images(image, 8));
  }
}

std::vector<std::string> ActivationMethods() {
  std::vector<std::string> all = {"floats"};
  for (const train::activations::ShelfEntry& entry : train::activations::ShelfEntries()) all.emplace_back(entry.name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Shelf, Combinations, testing::ValuesIn(ActivationMethods()),
                         [](const auto& info) { return info.param; });

TEST(Combination, StochasticEsbWithPactOnAResidualNetwork) {
  const Shape image = {3, 32, 32};
  ExpectSameAnswers(
      {"method=esb", "esb.bits=4", "esb.k=1", "policy=sq", "activations.method=pact", "activations.bits=4"},
      Build("resnet_cifar", image, 20), Images(image, 4));
}

}  // namespace
}  // namespace lowbit
