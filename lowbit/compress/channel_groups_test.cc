// Which channels of small networks can be scaled, and which stay as they are.

#include "lowbit/compress/channel_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/validate.h"

namespace lowbit::compress {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::pair<size_t, int64_t>> Pairs(const std::vector<NodeChannel>& channels) {
  std::vector<std::pair<size_t, int64_t>> pairs;
  for (const NodeChannel& channel : channels) pairs.emplace_back(channel.node, channel.channel);
  return pairs;
}

using Pair = std::pair<size_t, int64_t>;

// x [any, 1, 4, 4] -> conv1, 2 channels of 1x1 -> `between` of value "a" to "b" -> conv2, 1 channel of 1x1 -> y
Graph TwoLayers(const Node& between) {
  Graph graph;
  graph.inputs = {{"x", {kDynamic, 1, 4, 4}}};
  graph.outputs = {"y"};
  graph.parameters["w1"].value = FloatTensor({2, 1, 1, 1}, {1, 2});
  graph.parameters["b1"].value = FloatTensor({2}, {3, 4});
  graph.parameters["w2"].value = FloatTensor({1, 2, 1, 1}, {5, 6});
  graph.parameters["six"].value = FloatTensor({}, {6});
  graph.parameters["slopes"].value = FloatTensor({2, 1, 1}, {-.5f, 2});
  graph.nodes = {{"conv1", "Conv", {"x", "w1", "b1"}, {"a"}, {}}, between, {"conv2", "Conv", {"b", "w2"}, {"y"}, {}}};
  return graph;
}

TEST(ChannelGroups, JoinWhatAPositivelyHomogeneousFunctionHandsOn) {
  const Attributes window = {{"kernel_shape", std::vector<int64_t>{2, 2}}};
  for (const Node& between : std::vector<Node>{{"f", "Relu", {"a"}, {"b"}, {}},
                                               {"f", "LeakyRelu", {"a"}, {"b"}, {{"alpha", -.3}}},
                                               {"f", "PRelu", {"a", "slopes"}, {"b"}, {}},
                                               {"f", "Mul", {"a", "slopes"}, {"b"}, {}},
                                               {"f", "Identity", {"a"}, {"b"}, {}},
                                               {"f", "MaxPool", {"a"}, {"b"}, window},
                                               {"f", "AveragePool", {"a"}, {"b"}, window},
                                               {"f", "GlobalAveragePool", {"a"}, {"b"}, {}}}) {
    const Graph graph = TwoLayers(between);
    ASSERT_TRUE(Validate(graph).ok()) << between.op;
    const ChannelGroups found = FindChannelGroups(graph);
    ASSERT_EQ(found.groups.size(), 2u) << between.op;
    for (int64_t c = 0; c < 2; ++c) {
      EXPECT_THAT(Pairs(found.groups[static_cast<size_t>(c)].makers), ElementsAre(Pair(0, c)));
      EXPECT_THAT(Pairs(found.groups[static_cast<size_t>(c)].readers), ElementsAre(Pair(2, c)));
    }
    EXPECT_THAT(found.obstacles, IsEmpty());
  }
}

TEST(ChannelGroups, NameWhatStandsInTheWay) {
  for (const Node& between : std::vector<Node>{{"f", "Clip", {"a", "", "six"}, {"b"}, {}},
                                               {"f", "Sigmoid", {"a"}, {"b"}, {}},
                                               {"f", "Add", {"a", "six"}, {"b"}, {}},
                                               {"f", "Div", {"six", "a"}, {"b"}, {}}}) {
    const ChannelGroups found = FindChannelGroups(TwoLayers(between));
    EXPECT_THAT(found.groups, IsEmpty()) << between.op;
    EXPECT_THAT(found.obstacles, ElementsAre("'f' (" + between.op + ")"));
  }
}

TEST(ChannelGroups, LeaveAnOutputOfTheGraphAsItIs) {
  Graph graph = TwoLayers({"f", "Relu", {"a"}, {"b"}, {}});
  graph.outputs = {"a", "y"};
  const ChannelGroups found = FindChannelGroups(graph);
  EXPECT_THAT(found.groups, IsEmpty());
  EXPECT_THAT(found.obstacles, ElementsAre("output 'a'"));
}

TEST(ChannelGroups, LeaveSharedLowBitAndComputedParametersAsTheyAre) {
  const Node relu = {"f", "Relu", {"a"}, {"b"}, {}};
  Graph shared_bias = TwoLayers(relu);
  shared_bias.parameters["w3"].value = FloatTensor({2, 1, 1, 1}, {1, 2});
  shared_bias.nodes.push_back({"conv3", "Conv", {"x", "w3", "b1"}, {"z"}, {}});
  EXPECT_THAT(FindChannelGroups(shared_bias).groups, IsEmpty());
  EXPECT_THAT(FindChannelGroups(shared_bias).obstacles, ElementsAre("'b1', the bias of 'conv1'"));
  Graph low_bit = TwoLayers(relu);
  low_bit.parameters["w2"].value = QTensor{{1, 2, 1, 1}, ValueSet::Ternary(), {0, 2}, {1}};
  EXPECT_THAT(FindChannelGroups(low_bit).groups, IsEmpty());
  Graph shared_weights = TwoLayers(relu);
  shared_weights.outputs.emplace_back("z");
  shared_weights.nodes.push_back({"conv3", "Conv", {"x", "w1"}, {"z"}, {}});
  EXPECT_THAT(FindChannelGroups(shared_weights).groups, IsEmpty());
}

// Two layers read one value; their sum has one factor for each channel of both.
TEST(ChannelGroups, JoinBranchesAndSums) {
  Graph graph = TwoLayers({"f", "Relu", {"a"}, {"b"}, {}});
  graph.parameters["w2"].value = FloatTensor({2, 2, 1, 1}, {5, 6, 7, 8});
  graph.parameters["w3"].value = FloatTensor({2, 2, 1, 1}, {1, 0, 0, 1});
  graph.parameters["w4"].value = FloatTensor({1, 2, 1, 1}, {1, 2});
  graph.outputs = {"out"};
  graph.nodes.push_back({"conv3", "Conv", {"b", "w3"}, {"z"}, {}});
  graph.nodes.push_back({"sum", "Add", {"y", "z"}, {"s"}, {}});
  graph.nodes.push_back({"conv4", "Conv", {"s", "w4"}, {"out"}, {}});
  const ChannelGroups found = FindChannelGroups(graph);
  ASSERT_EQ(found.groups.size(), 4u);
  EXPECT_THAT(Pairs(found.groups[1].makers), ElementsAre(Pair(0, 1)));
  EXPECT_THAT(Pairs(found.groups[1].readers), ElementsAre(Pair(2, 1), Pair(3, 1)));
  EXPECT_THAT(Pairs(found.groups[2].makers), ElementsAre(Pair(2, 0), Pair(3, 0)));
  EXPECT_THAT(Pairs(found.groups[2].readers), ElementsAre(Pair(5, 0)));
}

TEST(ChannelGroups, PlaceChannelsBehindConcatAndFlatten) {
  Graph graph = TwoLayers({"f", "Concat", {"a", "a2"}, {"b"}, {{"axis", int64_t{-3}}}});
  graph.parameters["w0"].value = FloatTensor({1, 1, 1, 1}, {1});
  graph.nodes.insert(graph.nodes.begin(), {"conv0", "Conv", {"x", "w0"}, {"a2"}, {}});
  graph.parameters["w2"].value = FloatTensor({1, 48}, std::vector<float>(48, 1));
  graph.nodes[3] = {"flat", "Flatten", {"b"}, {"c"}, {}};
  graph.nodes.push_back({"fc", "Gemm", {"c", "w2"}, {"y"}, {{"transB", int64_t{1}}}});
  ASSERT_TRUE(Validate(graph).ok());
  const ChannelGroups found = FindChannelGroups(graph);
  ASSERT_EQ(found.groups.size(), 3u);
  EXPECT_THAT(Pairs(found.groups[0].makers), ElementsAre(Pair(0, 0)));
  ASSERT_EQ(found.groups[0].readers.size(), 16u);
  EXPECT_EQ(found.groups[0].readers[0].channel, 32);  // Behind the two channels of conv1.
  EXPECT_EQ(found.groups[0].readers[15].channel, 47);
  EXPECT_EQ(found.groups[2].readers[0].channel, 16);
}

}  // namespace
}  // namespace lowbit::compress
