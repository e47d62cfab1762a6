#include "lowbit/quant/product/permutations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/testing/single_node.h"
#include "lowbit/quant/product/channel_groups.h"
#include "lowbit/quant/product/clustering.h"

namespace lowbit::quant::product {
namespace {

using lowbit::testing::Narrow;
using lowbit::testing::Scrambled;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A graph whose parameters are small integers, and whose batch normalizations divide by 2, so that every sum is exact in any
// order.
class Maker {
 public:
  Maker() { graph.name = "net"; }

  void Input(const Shape& image) {
    Shape shape = {kDynamic};
    shape.insert(shape.end(), image.begin(), image.end());
    graph.inputs = {{"x", shape}};
  }
  std::string Numbers(const std::string& name, const Shape& shape) {
    graph.parameters[name].value = Narrow(Scrambled(shape, ++seed_));
    return name;
  }
  std::string Node(const std::string& op, const std::string& output, std::vector<std::string> inputs,
                   Attributes attributes = {}) {
    graph.nodes.push_back({output, op, std::move(inputs), {output}, std::move(attributes)});
    return output;
  }
  std::string Conv(const std::string& output, const std::string& input, const Shape& weight,
                   Attributes attributes = {}) {
    return Node("Conv", output, {input, Numbers(output + ".w", weight)}, std::move(attributes));
  }
  std::string BatchNorm(const std::string& output, const std::string& input, int64_t channels) {
    std::vector<std::string> inputs = {input};
    for (const char* word : {".scale", ".shift", ".mean"}) inputs.push_back(Numbers(output + word, {channels}));
    inputs.push_back(output + ".variance");
    graph.parameters[inputs.back()].value =
        FloatTensor({channels}, std::vector<float>(static_cast<size_t>(channels), 3.75f));
    return Node("BatchNormalization", output, inputs, {{"epsilon", 0.25}});
  }
  std::string Gemm(const std::string& output, const std::string& input, int64_t rows, int64_t columns) {
    return Node("Gemm", output, {input, Numbers(output + ".w", {rows, columns}), Numbers(output + ".b", {rows})},
                {{"transB", int64_t{1}}});
  }

  Graph graph;

 private:
  uint32_t seed_ = 0;
};

std::vector<double> Answers(const Graph& graph) {
  Shape shape = graph.inputs[0].shape;
  shape[0] = 2;
  return Evaluate(graph, {{"x", Scrambled(shape, 99)}}).value().at(graph.outputs[0]).data;
}

std::vector<int64_t> Reversed(int64_t channels) {
  std::vector<int64_t> order(static_cast<size_t>(channels));
  std::iota(order.rbegin(), order.rend(), 0);
  std::swap(order[0], order[1]);
  return order;
}

std::vector<int64_t> Channels(const Graph& graph) {
  std::vector<int64_t> channels;
  for (const ChannelGroup& group : FindChannelGroups(graph)) channels.push_back(group.channels);
  return channels;
}

std::vector<std::string> Parameters(const ChannelGroup& group) {
  std::vector<std::string> names;
  for (const ChannelUse& use : group.uses) names.push_back(use.parameter + ":" + std::to_string(use.axis));
  std::sort(names.begin(), names.end());
  return names;
}

// Each group in another order, one after the other; every one of them changes parameters and no answer.
void ExpectSameAnswers(const Graph& graph) {
  Graph changed = graph;
  const std::vector<double> answers = Answers(graph);
  for (const ChannelGroup& group : FindChannelGroups(graph)) {
    const Graph before = changed;
    ReorderChannels(group, Reversed(group.channels), &changed);
    EXPECT_EQ(Answers(changed), answers);
    bool any = false;
    for (const ChannelUse& use : group.uses) {
      any = any || std::get<FloatTensor>(changed.parameters.at(use.parameter).value).data !=
                       std::get<FloatTensor>(before.parameters.at(use.parameter).value).data;
    }
    EXPECT_TRUE(any);
  }
}

// Two blocks on a residual stream of 4 channels, with 3 and 6 inside, pooled and read by a linear layer.
Graph Residual() {
  Maker m;
  m.Input({2, 4, 4});
  const Attributes same = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  std::string stream = m.Node("Relu", "r0", {m.BatchNorm("bn0", m.Conv("c0", "x", {4, 2, 3, 3}, same), 4)});
  for (const int64_t inside : {3, 6}) {
    const std::string n = std::to_string(inside);
    const std::string a =
        m.Node("Relu", "ra" + n, {m.BatchNorm("bna" + n, m.Conv("a" + n, stream, {inside, 4, 1, 1}), inside)});
    const std::string b = m.BatchNorm("bnb" + n, m.Conv("b" + n, a, {4, inside, 3, 3}, same), 4);
    stream = m.Node("Relu", "r" + n, {m.Node("Add", "sum" + n, {stream, b})});
  }
  m.Gemm("y", m.Node("Flatten", "flat", {m.Node("GlobalAveragePool", "pool", {stream})}), 3, 4);
  m.graph.outputs = {"y"};
  return m.graph;
}

TEST(ChannelGroups, AResidualStreamHasOneOrder) {
  const Graph graph = Residual();
  const std::vector<ChannelGroup> groups = FindChannelGroups(graph);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].channels, 4);
  EXPECT_THAT(Parameters(groups[0]),
              ElementsAre("a3.w:1", "a6.w:1", "b3.w:0", "b6.w:0", "bn0.mean:0", "bn0.scale:0", "bn0.shift:0",
                          "bn0.variance:0", "bnb3.mean:0", "bnb3.scale:0", "bnb3.shift:0", "bnb3.variance:0",
                          "bnb6.mean:0", "bnb6.scale:0", "bnb6.shift:0", "bnb6.variance:0", "c0.w:0", "y.w:1"));
  EXPECT_THAT(Parameters(groups[1]),
              ElementsAre("a3.w:0", "b3.w:1", "bna3.mean:0", "bna3.scale:0", "bna3.shift:0", "bna3.variance:0"));
  EXPECT_EQ(groups[2].channels, 6);
  ExpectSameAnswers(graph);
}

TEST(ChannelGroups, PixelsOfAChannelStayTogether) {
  Maker m;
  m.Input({2, 4, 4});
  const std::string pooled =
      m.Node("MaxPool", "pool", {m.Conv("c", "x", {5, 2, 3, 3})}, {{"kernel_shape", std::vector<int64_t>{1, 1}}});
  m.graph.parameters["shape"].value = Int64Tensor({2}, {0, -1});
  m.Gemm("y", m.Gemm("hidden", m.Node("Reshape", "flat", {pooled, "shape"}), 6, 20), 2, 6);
  m.graph.outputs = {"y"};
  EXPECT_THAT(Channels(m.graph), ElementsAre(5, 6));
  EXPECT_EQ(FindChannelGroups(m.graph)[0].uses[1].each, 4);
  ExpectSameAnswers(m.graph);
}

// Depthwise layers, slopes, factors for each channel that the network computes, constants, other products.
TEST(ChannelGroups, FollowWhatKeepsChannels) {
  Maker m;
  m.Input({2, 4, 4});
  std::string v = m.Conv("c", "x", {4, 2, 1, 1});
  v = m.Conv("deep", v, {4, 1, 3, 3}, {{"group", int64_t{4}}, {"pads", std::vector<int64_t>{1, 1, 1, 1}}});
  v = m.Node("PRelu", "slope", {v, m.Numbers("slopes", {4, 1, 1})});
  v = m.Node("Mul", "twice", {v, m.Numbers("two", {})});
  v = m.Node("Add", "moved", {m.Numbers("shifts", {1, 4, 1, 1}), v});
  v = m.Node("Add", "pixels", {v, m.Numbers("picture", {4, 4})});
  const std::string squeezed = m.Node("GlobalAveragePool", "pool", {m.Node("Relu", "relu", {v})});
  const std::string gates = m.Conv("gate2", m.Conv("gate1", squeezed, {3, 4, 1, 1}), {4, 3, 1, 1});
  v = m.Node("Mul", "gated", {v, gates});
  v = m.Node("ConvTranspose", "up", {v, m.Numbers("up.w", {4, 5, 1, 1}), m.Numbers("up.b", {5})});
  const std::string flat = m.Node("Flatten", "flat", {m.Node("GlobalAveragePool", "last", {v})});
  m.Node("MatMul", "y", {flat, m.Numbers("y.w", {5, 3})});
  m.graph.outputs = {"y"};
  EXPECT_THAT(Channels(m.graph), ElementsAre(4, 3, 5));
  ExpectSameAnswers(m.graph);
}

TEST(ChannelGroups, OthersStayAsTheyAre) {
  Maker m;
  m.Input({4, 3, 3});
  std::string v = m.Node("Relu", "relu", {"x"});  // The input's channels.
  std::string a = m.Conv("a", v, {4, 4, 1, 1}), b = m.Conv("b", v, {4, 4, 1, 1});
  v = m.Node("Concat", "both", {a, b}, {{"axis", int64_t{1}}});
  v = m.Conv("grouped", v, {4, 4, 1, 1}, {{"group", int64_t{2}}});
  v = m.Conv("c", v, {4, 4, 1, 1});
  m.Conv("y", m.Node("Softmax", "soft", {v}, {{"axis", int64_t{1}}}), {4, 4, 1, 1});  // The output's channels.
  m.graph.outputs = {"y"};
  EXPECT_THAT(FindChannelGroups(m.graph), IsEmpty());
}

// A weight that two layers share has one order of rows, one of columns; here both are the stream's.
TEST(ChannelGroups, SharedWeightsTieTheirChannels) {
  Maker m;
  m.Input({4, 2, 2});
  const std::string first = m.Conv("first", "x", {4, 4, 1, 1});
  std::string v = m.Node("Conv", "again", {m.Conv("shared", first, {4, 4, 1, 1}), "shared.w"});
  m.Gemm("y", m.Node("Flatten", "flat", {m.Node("GlobalAveragePool", "pool", {v})}), 3, 4);
  m.graph.outputs = {"y"};
  EXPECT_THAT(Channels(m.graph), ElementsAre(4));
  ExpectSameAnswers(m.graph);
}

TEST(ChannelGroups, LowBitParametersAndOutputsAreNotMoved) {
  Graph graph = Residual();
  graph.parameters.at("b3.w").value = QTensor{{4, 3, 3, 3}, ValueSet::Binary(), std::vector<uint8_t>(108, 1), {1}};
  EXPECT_THAT(Channels(graph), ElementsAre(6));
  graph.outputs.push_back("ra6");
  EXPECT_THAT(Channels(graph), IsEmpty());
}

// --- The order that is chosen.

// Rows of 16 channels, of which four at a time are alike up to noise, in an order that mixes them.
Graph Mixed() {
  Maker m;
  m.Input({2, 2, 2});
  const std::string v = m.BatchNorm("bn", m.Conv("c", "x", {16, 2, 1, 1}), 16);
  m.Conv("d", m.Node("Relu", "relu", {v}), {64, 16, 1, 1});
  auto& weights = std::get<FloatTensor>(m.graph.parameters.at("d.w").value);
  for (size_t i = 0; i < weights.data.size(); ++i) {
    const size_t channel = i % 16, kind = channel * 7 % 16 / 4;
    weights.data[i] *= static_cast<float>(1 << (2 * kind));
  }
  m.Gemm("y", m.Node("Flatten", "flat", {m.Node("GlobalAveragePool", "pool", {"d"})}), 3, 64);
  m.graph.outputs = {"y"};
  return m.graph;
}

double ClusteringError(const Graph& graph, const std::string& parameter, int block) {
  Blocks blocks;
  blocks.dimension = block;
  blocks.values = std::get<FloatTensor>(graph.parameters.at(parameter).value).data;
  ClusteringOptions options;
  options.centroids = 16;
  return Cluster(blocks, options).error;
}

TEST(Permutations, MakeBlocksAlikeAndKeepTheAnswers) {
  const Graph graph = Mixed();
  const NetworkPlan plan = PlanNetwork(graph, SmallRules()).value();
  const Graph permuted = PermuteChannels(graph, plan, {});
  EXPECT_EQ(Answers(permuted), Answers(graph));
  EXPECT_LT(ClusteringError(permuted, "d.w", 4), 0.8 * ClusteringError(graph, "d.w", 4));
  const Graph dealt = PermuteChannels(graph, plan, {0, 1});
  EXPECT_LT(ClusteringError(dealt, "d.w", 4), ClusteringError(graph, "d.w", 4));
  EXPECT_EQ(Answers(dealt), Answers(graph));
}

TEST(Permutations, DependOnTheSeedAlone) {
  const Graph graph = Mixed();
  const NetworkPlan plan = PlanNetwork(graph, SmallRules()).value();
  const auto weights = [&](uint64_t seed) {
    return std::get<FloatTensor>(PermuteChannels(graph, plan, {50, seed}).parameters.at("d.w").value).data;
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
}

// Which codeword a block of one kernel gets does not depend on its neighbours.
TEST(Permutations, BlocksOfOneChannelAreLeftAlone) {
  const Graph graph = Residual();
  Rules rules = SmallRules();
  rules.pointwise_block = rules.linear_block = 1;
  const Graph same = PermuteChannels(graph, PlanNetwork(graph, rules).value(), {});
  for (const auto& [name, parameter] : graph.parameters) {
    EXPECT_EQ(std::get<FloatTensor>(same.parameters.at(name).value).data, std::get<FloatTensor>(parameter.value).data);
  }
}

TEST(Permutations, AStreamIsOrderedForAllItsReaders) {
  const Graph graph = Residual();
  const Graph permuted = PermuteChannels(graph, PlanNetwork(graph, LargeRules()).value(), {});
  EXPECT_EQ(Answers(permuted), Answers(graph));
}

}  // namespace
}  // namespace lowbit::quant::product
