// Methods on W and R of recurrent nodes: each matrix has its own, biases have none.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "lowbit/core/evaluate.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/test_small_net.h"

namespace lowbit::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Role = ParameterTraits::Role;

constexpr int64_t kBatch = 8, kSteps = 6, kInputs = 5, kHidden = 7, kClasses = 4;

// x [batch, steps, inputs] -> the last state -> logits.
Graph RecurrentNet(const std::string& op, const std::string& direction = "forward") {
  const int64_t rows = kHidden * (op == "RNN" ? 1 : op == "GRU" ? 3 : 4);
  const int64_t directions = direction == "bidirectional" ? 2 : 1, state = directions * kHidden;
  Graph graph;
  graph.inputs = {{"x", {kDynamic, kSteps, kInputs}}};
  AddParameter(&graph, "rnn.W", Values({directions, rows, kInputs}, 1), Role::kWeight);
  AddParameter(&graph, "rnn.R", Values({directions, rows, kHidden}, 2), Role::kWeight);
  AddParameter(&graph, "rnn.B", Values({directions, 2 * rows}, 3), Role::kBias);
  AddParameter(&graph, "fc.weight", Values({kClasses, state}, 4), Role::kWeight);
  AddParameter(&graph, "fc.bias", Values({kClasses}, 5), Role::kBias);
  graph.nodes = {{"rnn",
                  op,
                  {"x", "rnn.W", "rnn.R", "rnn.B"},
                  {"y", "h"},
                  {{"layout", int64_t{1}}, {"hidden_size", kHidden}, {"direction", direction}}},
                 {"flat", "Flatten", {"h"}, {"flat"}, {}},
                 {"fc", "Gemm", {"flat", "fc.weight", "fc.bias"}, {"logits"}, {{"transB", int64_t{1}}}}};
  graph.outputs = {"logits"};
  return graph;
}

MethodPlan Plan(const std::string& method, const std::string& skip = "") {
  ConfigArray names;
  if (!skip.empty()) names.push_back(Config{skip, ""});
  return ReadQuantizeSection(Config{ConfigTable{{"method", Config{method, ""}}, {"skip", Config{names, ""}}}, ""})
      .value();
}

at::Tensor Sequences() {
  torch::manual_seed(6);
  return at::randn({kBatch, kSteps, kInputs});
}

at::Tensor Parameter(const Network& network, const std::string& name) {
  for (const TrainedParameter& parameter : network.Parameters()) {
    if (parameter.name == name) return parameter.tensor.detach().clone();
  }
  ADD_FAILURE() << name;
  return {};
}

// Of so many steps, all at one place of the run.
std::vector<double> Losses(Network* network, double progress, int steps) {
  const auto optimizer = Optimizer::Create({}, network->Parameters());
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    StepContext context;
    context.progress = progress;
    const at::Tensor labels = at::arange(kBatch).remainder(kClasses);
    const at::Tensor loss = CrossEntropy(network->Forward(Sequences(), Mode::kTrain, context), labels, 0);
    optimizer->ZeroGradients();
    loss.backward();
    optimizer->Step(0.05);
    losses.push_back(loss.item<double>());
  }
  return losses;
}

// Test B12 of the paper's specification: half of the weights stay where they were put, and the rest learns.
TEST(RecurrentWeights, IncrementalQuantizationFreezesMatricesAndNoBias) {
  for (const std::string op : {"LSTM", "GRU", "RNN"}) {
    NetworkOptions options;
    options.method = Plan("inq", "fc");
    Network network = Network::Create(RecurrentNet(op), options);
    const at::Tensor bias = Parameter(network, "rnn.B");
    StepContext start;
    network.Forward(Sequences(), Mode::kTrain, start);  // Freezes the first half.
    EXPECT_TRUE(Parameter(network, "rnn.B").equal(bias));
    EXPECT_EQ(network.Buffers().count("rnn.B/inq_frozen"), 0u);
    std::map<std::string, at::Tensor> masks, before;
    for (const std::string name : {"rnn.W", "rnn.R"}) {
      masks[name] = network.Buffers().at(name + "/inq_frozen").to(at::kBool);
      EXPECT_EQ(masks[name].sum().item<int64_t>(), (masks[name].numel() + 1) / 2) << op << name;
      before[name] = Parameter(network, name).flatten();
    }
    const std::vector<double> losses = Losses(&network, 0, 40);
    EXPECT_LT(losses.back(), 0.5 * losses.front()) << op;
    network.Forward(Sequences(), Mode::kTrain, start);  // Puts back what momentum moved.
    for (const auto& [name, mask] : masks) {
      const at::Tensor after = Parameter(network, name).flatten();
      EXPECT_TRUE(at::masked_select(after, mask).equal(at::masked_select(before[name], mask))) << op << name;
      EXPECT_FALSE(
          at::masked_select(after, mask.logical_not()).equal(at::masked_select(before[name], mask.logical_not())));
    }
    EXPECT_FALSE(Parameter(network, "rnn.B").equal(bias));
  }
}

TEST(RecurrentWeights, EachDirectionOfEachMatrixHasItsScale) {
  NetworkOptions options;
  options.method = Plan("bwn");
  const Network network = Network::Create(RecurrentNet("LSTM", "bidirectional"), options);
  const Graph frozen = network.Export(Weights::kFrozen);
  const auto& w = std::get<QTensor>(frozen.parameters.at("rnn.W").value);
  const auto& r = std::get<QTensor>(frozen.parameters.at("rnn.R").value);
  ASSERT_EQ(w.scales.size(), 2u);
  ASSERT_EQ(r.scales.size(), 2u);
  const FloatTensor values = std::get<FloatTensor>(RecurrentNet("LSTM", "bidirectional").parameters["rnn.R"].value);
  for (int64_t direction = 0; direction < 2; ++direction) {
    double sum = 0;  // Of BWN the mean magnitude.
    for (int64_t i = 0; i < r.Columns(); ++i) sum += std::abs(values.data[direction * r.Columns() + i]);
    EXPECT_FLOAT_EQ(r.Scale(direction), static_cast<float>(sum / static_cast<double>(r.Columns())));
  }
}

TEST(RecurrentWeights, FrozenWeightsGiveTheAnswersOfTheReference) {
  for (const std::string op : {"LSTM", "GRU", "RNN"}) {
    for (const std::string method : {"inq", "twn", "dorefa", "lsq"}) {
      NetworkOptions options;
      options.method = Plan(method);
      options.arithmetic = Arithmetic::kFloat64;
      Network network = Network::Create(RecurrentNet(op, "bidirectional"), options);
      Losses(&network, 0.5, 3);
      const at::NoGradGuard no_grad;
      const at::Tensor logits = network.Forward(Sequences(), Mode::kEval, {});
      const Graph frozen = network.Export(Weights::kFrozen);
      EXPECT_TRUE(std::holds_alternative<FloatTensor>(frozen.parameters.at("rnn.B").value));
      for (const char* name : {"rnn.W", "rnn.R", "fc.weight"}) {
        EXPECT_TRUE(std::holds_alternative<QTensor>(frozen.parameters.at(name).value)) << name;
      }
      const at::Tensor wide = Sequences().to(at::kDouble);
      const DoubleTensor x({kBatch, kSteps, kInputs},
                           {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()});
      const DoubleTensor expected = Evaluate(frozen, {{"x", x}}).value().at("logits");
      // Both in double; biases are rounded to floats by the export, 6e-8 of numbers of order 1.
      EXPECT_TRUE(logits.allclose(at::tensor(expected.data, at::kDouble).view(expected.shape), 1e-5, 1e-5))
          << op << method;
    }
  }
}

TEST(RecurrentWeights, NamesOfMatricesAreThoseOfLayers) {
  const auto quantized = [](const std::string& skip) {
    NetworkOptions options;
    options.method = Plan("twn", skip);
    std::vector<std::string> names;
    for (const LayerStatistics& layer : Network::Create(RecurrentNet("LSTM"), options).Statistics()) {
      if (layer.quantized_share > 0) names.push_back(layer.layer);
    }
    return names;
  };
  EXPECT_THAT(quantized(""), ElementsAre("rnn.W", "rnn.R", "fc"));
  EXPECT_THAT(quantized("rnn.R"), ElementsAre("rnn.W", "fc"));
  EXPECT_THAT(quantized("rnn.*"), ElementsAre("fc"));
  try {
    quantized("rnn");
    ADD_FAILURE() << "a node of two matrices is no layer";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("rnn.R"));
  }
}

}  // namespace
}  // namespace lowbit::train
