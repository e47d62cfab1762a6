// A quantizer that does its Relu along, against the same one behind a Relu of its own: whenever somebody else reads what the
// Relu makes, as an added output of the graph does, the Relu is executed.

#include "lowbit/train/relu_of_quantizer.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/level_grid.h"
#include "lowbit/train/activation_plan.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/test_devices.h"
#include "lowbit/train/test_kernels.h"
#include "lowbit/train/test_small_net.h"

namespace lowbit::train {
namespace {

using Role = ParameterTraits::Role;

constexpr int64_t kColumns = 40;
constexpr float kScale = 0.25f;

// One row of each kind of value around the grids below: both zeros, their neighbours, ends and middles, and what is no number.
at::Tensor Row() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kLeast = std::numeric_limits<float>::denorm_min();
  std::vector<float> values = {0,      -0.0f,          kLeast,    -kLeast,    1e-40f,        kScale / 2,
                               kScale, 3 * kScale / 2, kInfinity, -kInfinity, std::nanf(""), 3e38f,
                               -3e38f, 3 * kScale};
  while (values.size() < kColumns) values.push_back(0.11f * static_cast<float>(values.size()) - 3);
  return at::tensor(values).view({1, kColumns});
}

// x -> Relu -> the quantizer; its inputs but the first are parameters. `shared`: the Relu's value is an output too.
Graph ReluAndQuantizer(const std::string& op, Attributes attributes, const std::vector<std::vector<float>>& parameters,
                       Role of_scale, bool shared) {
  Graph graph;
  graph.inputs = {{"x", {kDynamic, kColumns}}};
  Node quantizer{"quantizer", op, {"relu"}, {"y"}, std::move(attributes)};
  for (const std::vector<float>& values : parameters) {
    const std::string name = "parameter" + std::to_string(quantizer.inputs.size());
    AddParameter(&graph, name, FloatTensor({static_cast<int64_t>(values.size())}, values),
                 quantizer.inputs.size() == 1 ? of_scale : Role::kConstant);
    quantizer.inputs.push_back(name);
  }
  graph.nodes = {{"relu", "Relu", {"x"}, {"relu"}, {}}, quantizer};
  graph.outputs = {"y"};
  if (shared) graph.outputs.emplace_back("relu");
  return graph;
}

Graph WithQuant(int bits, bool is_signed, float zero_point, Role of_scale, bool shared) {
  return ReluAndQuantizer("Quant", {{"signed", int64_t{is_signed}}},
                          {{kScale}, {zero_point}, {static_cast<float>(bits)}}, of_scale, shared);
}

Graph WithLevels(bool is_signed, bool shared) {
  const LevelGrid grid = ElasticLevels(2, 1, is_signed);
  return ReluAndQuantizer("LevelQuant", {}, {{kScale}, grid.thresholds, grid.levels}, Role::kStatistic, shared);
}

NetworkOptions With(const ActivationMethod& method, const std::string& device = "cpu") {
  NetworkOptions options;
  options.activation = std::make_shared<ActivationMethod>(method);
  options.device = device;
  return options;
}

ActivationMethod Named(const std::string& name) {
  recipe::ActivationsSection section;
  section.method = name;
  section.bits = 4;
  return *CreateActivationMethod(section).value();
}

// Bits of floats, so that NaN equals NaN.
at::Tensor BitsOf(const at::Tensor& x) { return x.detach().to(at::kCPU).contiguous().view(at::kInt); }

// Whether the network leaves its Relu to the quantizer.
bool LeavesRelu(Network* network, const at::Tensor& x) {
  bool passed = false;
  network->Watch([&passed](const Node& node, const std::vector<at::Tensor>&, const at::Tensor& output) {
    if (node.op == "Relu") passed = output.lt(0).any().item<bool>();
  });
  network->Run({x}, Mode::kEval, {});
  network->Watch(nullptr);
  return passed;
}

// Values and gradients of x and of what is trained. `weighted`: the gradient of y is a tensor of its own, else one number
// that all elements share, which is not plain.
std::vector<at::Tensor> Results(Network* network, const at::Tensor& x, bool weighted) {
  const at::Tensor leaf = x.detach().requires_grad_(true);
  const at::Tensor y = network->Run({leaf}, Mode::kTrain, {}).at(0);
  (weighted ? y * at::arange(1, y.numel() + 1, y.options()).view_as(y) : y).sum().backward();
  std::vector<at::Tensor> results = {BitsOf(y), BitsOf(leaf.grad())};
  for (const TrainedParameter& parameter : network->Parameters()) results.push_back(BitsOf(parameter.tensor.grad()));
  const at::NoGradGuard no_grad;
  results.push_back(BitsOf(network->Run({x}, Mode::kEval, {}).at(0)));
  return results;
}

void ExpectSame(const Graph& taken, const Graph& executed, const NetworkOptions& options, const at::Tensor& x) {
  for (const bool weighted : {false, true}) {
    Network fused = Network::Create(taken, options), plain = Network::Create(executed, options);
    EXPECT_TRUE(LeavesRelu(&fused, x));
    EXPECT_FALSE(LeavesRelu(&plain, x));
    const std::vector<at::Tensor> got = Results(&fused, x, weighted), wanted = Results(&plain, x, weighted);
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(got[i].equal(wanted[i])) << i << "\n" << got[i] << wanted[i];
  }
}

// In memory without gaps, with gaps (tensor operations, as on a GPU without kernels), and by the kernels of GPUs. A sum with
// what is no number says nothing, so learned scales see finite values too.
void ExpectSameEverywhere(const Graph& taken, const Graph& executed, const ActivationMethod& method) {
  const at::Tensor plain = at::cat({Row(), Row().nan_to_num(1, 3, -3).clamp(-3, 3)}).clone();
  const at::Tensor finite = plain.narrow(0, 1, 1).repeat({3, 1});
  for (const at::Tensor& x : {plain, finite}) {
    const at::Tensor gaps = at::zeros({x.size(0), kColumns + 1}).narrow(1, 0, kColumns).copy_(x);
    for (const std::string& device : Devices()) ExpectSame(taken, executed, With(method, device), x);
    ExpectSame(taken, executed, With(method), gaps);
    for (const KernelPasses* passes : EmulatedPasses()) {
      const InstalledPasses installed(passes);
      ExpectSame(taken, executed, With(method), x);
    }
  }
}

TEST(ReluOfQuantizer, GridsGiveTheSameBits) {
  for (const int bits : {1, 2, 8}) {
    for (const char* method : {"measured", "dorefa"}) {
      SCOPED_TRACE(method);
      ExpectSameEverywhere(WithQuant(bits, false, 0, Role::kStatistic, false),
                           WithQuant(bits, false, 0, Role::kStatistic, true), Named(method));
    }
    for (const char* method : {"lsq", "pact"}) {
      SCOPED_TRACE(method);
      ExpectSameEverywhere(WithQuant(bits, false, 0, Role::kBias, false), WithQuant(bits, false, 0, Role::kBias, true),
                           Named(method));
    }
  }
  // From 1/2 on: low is above 0.
  ExpectSameEverywhere(WithQuant(2, false, -2, Role::kStatistic, false),
                       WithQuant(2, false, -2, Role::kStatistic, true), Named("measured"));
}

TEST(ReluOfQuantizer, LevelsGiveTheSameBits) {
  for (const bool clips : {false, true}) {
    ActivationMethod method = Named("esb");
    method.levels_clip_gradient = clips;
    ExpectSameEverywhere(WithLevels(false, false), WithLevels(false, true), method);
  }
}

TEST(ReluOfQuantizer, IsTheReluOnlyWhereNothingIsLost) {
  const ActivationMethod none;
  const auto takes = [](const Graph& graph, const ActivationMethod* method) {
    return ReluOfQuantizer(graph, graph.nodes.back(), method) != nullptr;
  };
  const Graph grid = WithQuant(4, false, 0, Role::kBias, false);
  EXPECT_TRUE(takes(grid, nullptr));
  EXPECT_TRUE(takes(grid, &none));
  EXPECT_EQ(ReluOfQuantizer(grid, grid.nodes[1], &none), grid.nodes.data());
  EXPECT_EQ(ReluOfQuantizer(grid, grid.nodes[0], &none), nullptr);
  EXPECT_FALSE(takes(WithQuant(4, true, 0, Role::kBias, false), &none));   // Signed.
  EXPECT_FALSE(takes(WithQuant(4, false, 1, Role::kBias, false), &none));  // From -1 on.
  EXPECT_FALSE(takes(WithQuant(4, false, 0, Role::kBias, true), &none));   // Somebody else reads it.
  EXPECT_FALSE(takes(WithLevels(true, false), &none));
  EXPECT_FALSE(takes(ReluAndQuantizer("BipolarQuant", {}, {{kScale}}, Role::kConstant, false), &none));
  ActivationMethod own = none;  // A gradient that knows of no Relu.
  own.apply = [](const at::Tensor& x, const at::Tensor&, double, const IntegerRange&) { return x; };
  EXPECT_FALSE(takes(grid, &own));
  Graph other = grid;
  other.nodes[0].op = "LeakyRelu";
  EXPECT_FALSE(takes(other, &none));
  other = grid;
  other.nodes.push_back({"second", "Neg", {"relu"}, {"z"}, {}});
  EXPECT_EQ(ReluOfQuantizer(other, other.nodes[1], &none), nullptr);
  other = grid;
  other.parameters.at("parameter2").traits.role = Role::kBias;  // A zero point that is trained.
  EXPECT_FALSE(takes(other, &none));
}

// SmallNet whose sum goes through a Relu, quantized; `shared`: all values of Relus are outputs too.
Graph QuantizedNet(const recipe::ActivationsSection& activations, bool shared) {
  Graph graph = SmallNet();
  for (Node& node : graph.nodes) {
    if (node.op == "MaxPool") node.inputs[0] = "relu2.out";
  }
  const auto add = std::find_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) { return n.op == "Add"; });
  graph.nodes.insert(add + 1, {"relu2", "Relu", {"add.out"}, {"relu2.out"}, {}});
  recipe::QuantizeSection quantize;
  quantize.method = "uniform";
  quantize.activations = activations;
  graph = QuantizeActivations(graph, quantize).value();
  for (const Node& node : graph.nodes) {
    if (shared && node.op == "Relu") graph.outputs.push_back(node.outputs[0]);
  }
  return graph;
}

// Logits and gradients of some steps of training, and logits of a test behind them.
std::vector<at::Tensor> Trained(const Graph& graph, const NetworkOptions& options, int* relus_left) {
  Network network = Network::Create(graph, options);
  network.Watch([relus_left](const Node& node, const std::vector<at::Tensor>&, const at::Tensor& output) {
    if (node.op == "Relu") *relus_left += output.lt(0).any().item<bool>() ? 1 : 0;
  });
  const auto optimizer = Optimizer::Create({}, network.Parameters());
  std::vector<at::Tensor> results;
  for (int step = 0; step < 3; ++step) {
    const at::Tensor logits = network.Forward(Images(8), Mode::kTrain, {});
    optimizer->ZeroGradients();
    CrossEntropy(logits, at::arange(8).remainder(4), 0.1).backward();
    results.push_back(logits.detach());
    for (const TrainedParameter& parameter : network.Parameters()) results.push_back(parameter.tensor.grad().clone());
    optimizer->Step(0.01);
  }
  const at::NoGradGuard no_grad;
  for (const Mode mode : {Mode::kEval, Mode::kEstimate}) results.push_back(network.Forward(Images(8), mode, {}));
  return results;
}

class ReluOfQuantizerInNetworks : public testing::TestWithParam<const char*> {};

TEST_P(ReluOfQuantizerInNetworks, TrainsTheSameNetwork) {
  recipe::ActivationsSection section;
  section.method = GetParam();
  section.bits = 4;
  const bool signs = section.method == "sign";
  for (const MixedPrecision mixed : {MixedPrecision::kOff, MixedPrecision::kTraining}) {
    for (const MemoryFormat format : {MemoryFormat::kContiguous, MemoryFormat::kChannelsLast}) {
      NetworkOptions options = With(Named(section.method));
      options.mixed_precision = mixed;
      options.memory_format = format;
      int left = 0, none_left = 0;
      const std::vector<at::Tensor> got = Trained(QuantizedNet(section, false), options, &left);
      const std::vector<at::Tensor> wanted = Trained(QuantizedNet(section, true), options, &none_left);
      // Of the second Relu's value a pool makes what is quantized. Five passes; signs have an Identity in place of the first.
      EXPECT_EQ(left, signs ? 0 : 5);
      EXPECT_EQ(none_left, 0);
      ASSERT_EQ(got.size(), wanted.size());
      for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(BitsOf(got[i]).equal(BitsOf(wanted[i]))) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shelf, ReluOfQuantizerInNetworks,
                         testing::Values("measured", "lsq", "pact", "dorefa", "esb", "sign"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace lowbit::train
