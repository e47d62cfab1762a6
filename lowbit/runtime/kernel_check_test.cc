#include "lowbit/runtime/kernel_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lowbit/core/integer_form.h"
#include "lowbit/core/recurrent_form.h"
#include "lowbit/runtime/plan.h"
#include "lowbit/runtime/testing/random_graph.h"
#include "lowbit/runtime/testing/random_integer_graph.h"
#include "lowbit/runtime/testing/random_recurrent_graph.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::RandomGraph;
using testing::RandomIntegerGraph;
using testing::RandomRecurrentGraph;

std::vector<float> RunSample(const KernelSample& sample) {
  Options options;
  options.self_test = false;
  Model model = Model::FromGraph(sample.graph, options).value();
  std::vector<float> output(static_cast<size_t>(model.OutputElements(0, 1).value()));
  EXPECT_TRUE(model.Run(sample.input, 1, output).ok());
  return output;
}

std::vector<KernelSample> Samples(const Graph& graph) {
  const Graph executable = QuantizesActivations(graph) ? ToIntegerForm(graph).value() : ToRecurrences(graph);
  return SampleKernels(executable, MakePlan(executable, 1).value().nodes);
}

// Samples of random networks run by the kernels that they are samples of, pass, and fail where one number is wrong.
void ExpectThatSamplesTell(const Graph& graph, std::set<std::string>* kernels) {
  for (const KernelSample& sample : Samples(graph)) {
    SCOPED_TRACE(sample.kernel);
    kernels->insert(sample.kernel.substr(0, sample.kernel.rfind('_')));
    testing::ForEachTarget([&] { EXPECT_TRUE(CheckSample(sample, RunSample(sample)).ok()); });
    std::vector<float> output = RunSample(sample);
    // The largest: a hundredth of a small one could be rounding.
    float& wrong =
        *std::max_element(output.begin(), output.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
    wrong += wrong == 0 ? 1 : wrong * 0.01f;
    const Status status = CheckSample(sample, output);
    ASSERT_FALSE(status.ok());
    EXPECT_THAT(status.error().message, ::testing::HasSubstr(sample.kernel));
    output[0] = std::nanf("");
    EXPECT_FALSE(CheckSample(sample, output).ok());
    output.pop_back();
    EXPECT_FALSE(CheckSample(sample, output).ok());
  }
}

TEST(SelfTest, TellsRightFromWrongForEveryKernel) {
  std::set<std::string> kernels;
  for (uint64_t seed = 0; seed < 80; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ExpectThatSamplesTell(RandomIntegerGraph(seed).Build(), &kernels);
    ExpectThatSamplesTell(RandomGraph(seed).Build(), &kernels);
  }
  for (const char* kernel : {"conv_u8", "gemm_u8", "depthwise_u8", "conv_f32", "gemm_f32", "depthwise_f32"}) {
    EXPECT_TRUE(kernels.count(kernel) == 1) << kernel;
  }
}

TEST(SelfTest, TellsRightFromWrongForRecurrentKernels) {
  std::set<std::string> kernels;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ExpectThatSamplesTell(RandomRecurrentGraph(seed, {.integers = seed % 2 == 0}).Build(), &kernels);
  }
  for (const char* kernel : {"rnn_u8", "gru_u8", "lstm_u8", "rnn_f32", "gru_f32", "lstm_f32"}) {
    EXPECT_TRUE(kernels.count(kernel) == 1) << kernel;
  }
}

// Networks that are useless, and no fault of a kernel.
TEST(SelfTest, TakesLayersOfAnyMagnitude) {
  for (const float value : {0.f, 1e-45f, 1e-42f, 1e-38f, 3e38f}) {
    SCOPED_TRACE(value);
    Graph graph;
    graph.inputs = {{"x", {kDynamic, 9}}};
    graph.outputs = {"y"};
    graph.parameters["floats"].value = FloatTensor({9, 9}, std::vector<float>(81, value));
    graph.parameters["codes"].value =
        QTensor{{2, 9}, ValueSet::Ternary(), std::vector<uint8_t>(18, 2), {value, -value}};
    graph.nodes = {{"first", "Gemm", {"x", "floats"}, {"h"}, {{"transB", int64_t{1}}}},
                   {"second", "Gemm", {"h", "codes"}, {"y"}, {{"transB", int64_t{1}}}}};
    EXPECT_EQ(Samples(graph).size(), 2u);
    EXPECT_TRUE(Model::FromGraph(graph).ok());
  }
}

// The sums of float weights are rounded, also behind a quantizer.
TEST(SelfTest, TakesFloatLayersInNetworksOfIntegers) {
  testing::RandomSource random(1);
  Graph graph;
  graph.inputs = {{"x", {kDynamic, 72}}};
  graph.outputs = {"y"};
  for (const auto& [name, value] : {std::pair{"one", 1.f}, {"zero", 0.f}, {"bits", 8.f}}) {
    graph.parameters[name].value = FloatTensor({}, {value});
  }
  graph.parameters["w"].value = random.Tensor({40, 72}, -1, 1);
  graph.nodes = {{"quant", "Quant", {"x", "one", "zero", "bits"}, {"q"}, {}},
                 {"head", "Gemm", {"q", "w"}, {"y"}, {{"transB", int64_t{1}}}}};
  testing::ForEachTarget([&] { EXPECT_TRUE(Model::FromGraph(graph).ok()); });
}

TEST(SelfTest, CutsLargeLayersDown) {
  Graph graph;
  graph.inputs = {{"x", {kDynamic, 512, 7, 7}}};
  graph.outputs = {"y"};
  graph.parameters["w"].value = FloatTensor({600, 512, 3, 3}, std::vector<float>(600 * 512 * 9, 0.5f));
  graph.nodes = {{"layer", "Conv", {"x", "w"}, {"y"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}}};
  const std::vector<KernelSample> samples = Samples(graph);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].node, "layer");
  EXPECT_LT(Elements(samples[0].graph.parameters.at("w").shape()), 60000);
  EXPECT_LT(samples[0].input.size(), 1000u);
}

Graph LargeBinaryLayer(const Shape& input, const Shape& weights) {
  Graph graph;
  graph.inputs = {{"x", input}};
  graph.outputs = {"y"};
  for (const auto& [name, value] : {std::pair{"one", 1.f}, {"zero", 0.f}, {"bits", 8.f}}) {
    graph.parameters[name].value = FloatTensor({}, {value});
  }
  testing::RandomSource random(1);
  QTensor tensor = testing::RandomCodes(weights, ValueSet::Binary(), false, &random);
  tensor.scales = {1};
  graph.parameters["w"].value = std::move(tensor);
  Node layer = {"layer", "Conv", {"q", "w"}, {"y"}, {}};
  if (weights.size() == 2) layer = {"layer", "Gemm", {"q", "w"}, {"y"}, {{"transB", int64_t{1}}}};
  graph.nodes = {{"quant", "Quant", {"x", "one", "zero", "bits"}, {"q"}, {}}, layer};
  return ToIntegerForm(graph).value();
}

// Kernels that only large layers get.
TEST(SelfTest, RunsALargeLayersKernel) {
  for (const Graph& graph :
       {LargeBinaryLayer({kDynamic, 512}, {600, 512}), LargeBinaryLayer({kDynamic, 512, 2, 2}, {600, 512, 1, 1}),
        LargeBinaryLayer({kDynamic, 128, 5, 5}, {200, 128, 3, 3})}) {
    testing::ForEachTarget([&] {
      const std::vector<NodePlan> nodes = MakePlan(graph, 1).value().nodes;
      const std::vector<KernelSample> samples = SampleKernels(graph, nodes);
      ASSERT_EQ(samples.size(), 1u);
      const std::vector<NodePlan> of_sample = MakePlan(ToIntegerForm(samples[0].graph).value(), 1).value().nodes;
      EXPECT_EQ(of_sample.back().kernel, nodes.back().kernel);
      EXPECT_EQ(of_sample.back().target, nodes.back().target);
      EXPECT_TRUE(CheckSample(samples[0], RunSample(samples[0])).ok());
    });
  }
}

// The same for recurrent layers: any numbers, also where states grow.
TEST(SelfTest, TakesRecurrentLayersOfAnyMagnitude) {
  for (const float value : {0.f, 1e-45f, 1e-38f, 100.f, 3e38f}) {
    for (const char* functions : {"Sigmoid,Tanh,Tanh", "Relu"}) {
      SCOPED_TRACE(std::to_string(value) + functions);
      Graph graph;
      graph.inputs = {{"x", {3, 2, 4}}};
      graph.outputs = {"y"};
      const bool lstm = functions[0] == 'S';
      const int64_t rows = lstm ? 36 : 9;
      std::vector<float> r(static_cast<size_t>(rows) * 9, value);
      for (size_t i = 0; i < r.size(); i += 2) r[i] = -value;
      graph.parameters["w"].value = FloatTensor({1, rows, 4}, std::vector<float>(static_cast<size_t>(rows) * 4, 1.f));
      graph.parameters["r"].value = FloatTensor({1, rows, 9}, r);
      graph.parameters["p"].value = FloatTensor({1, 27}, std::vector<float>(27, value));
      graph.nodes = {
          {"cell", lstm ? "LSTM" : "RNN", {"x", "w", "r"}, {"y"}, {{"activations", std::string(functions)}}}};
      if (lstm) graph.nodes[0].inputs.insert(graph.nodes[0].inputs.end(), {"", "", "", "", "p"});
      EXPECT_EQ(Samples(graph).size(), 2u);
      EXPECT_TRUE(Model::FromGraph(graph).ok());
    }
  }
}

TEST(SelfTest, CutsLargeRecurrentLayersDown) {
  Graph graph;
  graph.inputs = {{"x", {20, 1, 300}}};
  graph.outputs = {"y"};
  QTensor r{{2, 2048, 512}, ValueSet::Ternary(), std::vector<uint8_t>(2 * 2048 * 512, 2), {.01f, .02f}};
  graph.parameters["r"].value = std::move(r);
  graph.parameters["w"].value = FloatTensor({2, 2048, 300}, std::vector<float>(2 * 2048 * 300, .01f));
  graph.nodes = {{"cell", "LSTM", {"x", "w", "r"}, {"y"}, {{"direction", std::string("bidirectional")}}}};
  const std::vector<KernelSample> samples = Samples(graph);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[1].node, "cell");
  EXPECT_EQ(samples[1].kernel, "lstm_f32_ternary");
  EXPECT_LT(Elements(samples[1].graph.parameters.at("r").shape()), 50000);
  EXPECT_LT(samples[1].input.size(), 2000u);
}

}  // namespace
}  // namespace lowbit::runtime
