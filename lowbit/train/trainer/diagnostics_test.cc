#include "lowbit/train/trainer/diagnostics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/train/parameter.h"

namespace lowbit::train {
namespace {

using ::testing::DoubleEq;
using ::testing::IsEmpty;

void AddParameter(Graph* graph, const std::string& name, FloatTensor value, ParameterTraits::Role role) {
  graph->parameters[name].value = std::move(value);
  graph->parameters[name].traits.role = role;
}

// Four pixels on the grid 0, 10, 20, 30, and a classifier, of two classes if none is given.
Graph QuantizedPixels(FloatTensor weight = {{2, 4}, {1, -1, .01f, 1, 1, 1, 1, .01f}}) {
  Graph graph;
  graph.name = "pixels";
  graph.inputs = {{"image", {kDynamic, 1, 2, 2}}};
  const auto constant = ParameterTraits::Role::kConstant;
  AddParameter(&graph, "scale", FloatTensor({}, {10}), constant);
  AddParameter(&graph, "zero", FloatTensor({}, {0}), constant);
  AddParameter(&graph, "bits", FloatTensor({}, {2}), constant);
  AddParameter(&graph, "fc.weight", std::move(weight), ParameterTraits::Role::kWeight);
  graph.nodes.push_back({"quant",
                         "Quant",
                         {"image", "scale", "zero", "bits"},
                         {"codes"},
                         {{"signed", int64_t{0}}, {"narrow", int64_t{0}}}});
  graph.nodes.push_back({"flat", "Flatten", {"codes"}, {"flat.out"}, {}});
  graph.nodes.push_back({"fc", "Gemm", {"flat.out", "fc.weight"}, {"logits"}, {{"transB", int64_t{1}}}});
  graph.outputs = {"logits"};
  return graph;
}

Network Make(const Graph& graph, const std::string& method, ConfigTable method_options = {}) {
  const ConfigTable section = {{"method", Config{method, ""}}, {method, Config{std::move(method_options), ""}}};
  NetworkOptions options;
  options.method = ReadQuantizeSection(Config{section, ""}).value();
  return Network::Create(graph, options);
}

Network Ternary() { return Make(QuantizedPixels(), "twn"); }

// Rows of four weights, each one codeword of 300: row i has code i mod 300.
Network ThreeHundredCodewords(int64_t rows) {
  std::vector<float> weights;
  for (int64_t i = 0; i < 4 * rows; ++i) weights.push_back(static_cast<float>(i / 4 % 300));
  return Make(QuantizedPixels({{rows, 4}, weights}), "pq", {{"linear_centroids", Config{int64_t{512}, ""}}});
}

TEST(WatchActivations, CountsWhatLiesBeyondTheGridAndWhatBecomesZero) {
  Network network = Ternary();
  data::ImageSet images;
  images.image = {1, 2, 2};
  images.pixels = {0, 10, 30, 200, 4, 36, 35, 0, 255, 255, 255, 255};
  images.labels = {0, 1, 0};
  const std::vector<ActivationStatistics> found = WatchActivations(images, 2, &network);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].node, "quant");
  EXPECT_THAT(found[0].saturated, DoubleEq(2. / 8));  // 200 and 36; 35 is not yet nearer to 40.
  EXPECT_THAT(found[0].zero, DoubleEq(3. / 8));
  EXPECT_EQ(found[0].scale, 10);
  EXPECT_THAT(WatchActivations(images, 9, &network)[0].saturated, DoubleEq(6. / 12));
}

TEST(CodeChanges, AreThoseSinceTheLastLook) {
  Network network = Ternary();
  CodeChanges changes;
  const auto look = [&] {
    std::vector<LayerStatistics> layers = network.Statistics();
    changes.Add(network, &layers);
    return layers.at(0).details;
  };
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_EQ(look().at("changed"), 0);
  {
    const torch::NoGradGuard no_gradients;
    network.Parameters().at(0).tensor[0].neg_();  // Three codes of eight turn round; that of 0.01 stays 0.
  }
  EXPECT_EQ(look().at("changed"), 3. / 8);
  EXPECT_EQ(look().at("changed"), 0);
}

// Codes of a codebook have up to 15 bits.
TEST(CodeChanges, AreThoseOfWholeCodes) {
  constexpr int64_t kRows = 2100;  // Fewer than four for each of 512 codewords would have a smaller codebook.
  Network network = ThreeHundredCodewords(kRows);
  CodeChanges changes;
  const auto look = [&] {
    std::vector<LayerStatistics> layers = network.Statistics();
    changes.Add(network, &layers);
    return layers.at(0).details;
  };
  look();
  EXPECT_EQ(look().at("changed"), 0);
  {
    const torch::NoGradGuard no_gradients;
    at::Tensor codes = network.Buffers().at("fc.weight/codes");
    codes[7] += 256;  // The high byte alone,
    codes[8] += 1;    // the low one alone,
    codes[9] = 266;   // both: one code.
  }
  EXPECT_EQ(look().at("changed"), 3. / kRows);
  // What a checkpoint of an earlier version kept: the low bytes alone.
  changes.mutable_codes()->at("fc.weight").resize(kRows);
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_EQ(look().at("changed"), 0);
}

TEST(AddGradientNorms, TakesTheLastStep) {
  Network network = Ternary();
  std::vector<LayerStatistics> layers = network.Statistics();
  AddGradientNorms(network, &layers);
  EXPECT_THAT(layers.at(0).details, IsEmpty());
  // The sum of the logits: each row of the weight has the quantized pixels as its gradient.
  network.Forward(at::tensor({0.f, 10.f, 20.f, 20.f}).view({1, 1, 2, 2}), Mode::kTrain, {}).sum().backward();
  AddGradientNorms(network, &layers);
  EXPECT_THAT(layers.at(0).details.at("gradient"), DoubleEq(std::sqrt(2. * 900)));
}

}  // namespace
}  // namespace lowbit::train
