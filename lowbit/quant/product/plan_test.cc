#include "lowbit/quant/product/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowbit::quant::product {
namespace {

using ::testing::HasSubstr;

// Acceptance test 4.
TEST(ClampCentroids, StrictAndFloor) {
  EXPECT_EQ(ClampCentroids(256, 512, Clamp::kStrict), 64);
  EXPECT_EQ(ClampCentroids(256, 512, Clamp::kFloor), 128);
  EXPECT_EQ(ClampCentroids(256, 513, Clamp::kStrict), 128);
  EXPECT_EQ(ClampCentroids(256, 1 << 20, Clamp::kStrict), 256);
  EXPECT_EQ(ClampCentroids(100, 1 << 20, Clamp::kFloor), 100);
  for (const int64_t blocks : {1, 2, 4, 7}) EXPECT_EQ(ClampCentroids(256, blocks, Clamp::kStrict), 1) << blocks;
  EXPECT_EQ(ClampCentroids(256, 8, Clamp::kFloor), 2);
}

void AddLayer(const std::string& op, const std::string& name, Shape shape, Graph* graph) {
  Node node;
  node.name = name;
  node.op = op;
  node.inputs = {"x", name + ".w"};
  node.outputs = {name};
  if (op == "Gemm") node.attributes["transB"] = int64_t{1};
  graph->nodes.push_back(node);
  graph->parameters[name + ".w"].value = FloatTensor(std::move(shape));
}

Graph Layers() {
  Graph graph;
  graph.name = "layers";
  AddLayer("Conv", "first", {8, 3, 3, 3}, &graph);
  AddLayer("Conv", "conv", {64, 16, 3, 3}, &graph);
  AddLayer("Conv", "odd", {64, 15, 3, 3}, &graph);
  AddLayer("Conv", "point", {64, 24, 1, 1}, &graph);
  AddLayer("Gemm", "fc", {1000, 64}, &graph);
  AddLayer("ConvTranspose", "up", {64, 32, 2, 2}, &graph);
  AddLayer("MatMul", "product", {64, 32}, &graph);
  graph.parameters["bias"].value = FloatTensor({10});
  graph.parameters["shape"].value = Int64Tensor({4});
  return graph;
}

TEST(PlanNetwork, BlocksByKindOfLayer) {
  const auto sizes = [](const Rules& rules) {
    std::string text;
    const NetworkPlan plan = PlanNetwork(Layers(), rules).value();
    for (const LayerPlan& layer : plan.layers) {
      text += layer.layer + " " + std::to_string(layer.block) + " " + std::to_string(layer.centroids) + ", ";
    }
    return text;
  };
  EXPECT_EQ(sizes(SmallRules()), "conv 9 128, odd 9 128, point 4 64, fc 4 1024, up 4 256, ");
  // 15 channels are no pairs of kernels.
  EXPECT_EQ(sizes(LargeRules()), "conv 18 64, odd 9 128, point 8 32, fc 4 1024, up 8 128, ");
  Rules rules;
  rules.first = true;
  rules.skip = {"u*", "odd"};
  rules.clamp = Clamp::kFloor;
  rules.layers["fc"] = {16, 2048};
  rules.layers["point"] = {0, 16};
  EXPECT_EQ(sizes(rules), "first 9 4, conv 9 256, point 4 16, fc 16 512, ");
}

TEST(PlanNetwork, CountsBits) {
  Rules rules;
  rules.skip = {"conv", "odd", "point", "up"};
  const NetworkPlan plan = PlanNetwork(Layers(), rules).value();
  EXPECT_EQ(plan.IndexBits(), 16000 * 10);
  EXPECT_EQ(plan.CodebookBits(), 1024 * 4 * 16);
  const int64_t others = 8 * 27 + 64 * 16 * 9 + 64 * 15 * 9 + 64 * 24 + 64 * 32 * 4 + 64 * 32 + 10;
  EXPECT_EQ(plan.other_bits, 32 * others);
  EXPECT_EQ(plan.dense_bits, 32 * (others + 64000));
  EXPECT_EQ(plan.TotalBits(), plan.IndexBits() + plan.CodebookBits() + plan.other_bits);
}

// Bytes have a float step for each position of a block, or one.
TEST(PlanNetwork, CountsCodebooksAsTheyAreStored) {
  Rules rules;
  rules.skip = {"conv", "odd", "point", "up"};
  const auto bits = [&](ValueSet::Storage storage, bool one_step) {
    rules.codebook = {storage, one_step};
    return PlanNetwork(Layers(), rules).value().CodebookBits();
  };
  EXPECT_EQ(bits(ValueSet::Storage::kFloat32, false), 1024 * 4 * 32);
  EXPECT_EQ(bits(ValueSet::Storage::kFloat16, false), 1024 * 4 * 16);
  EXPECT_EQ(bits(ValueSet::Storage::kInt8, false), 1024 * 4 * 8 + 4 * 32);
  EXPECT_EQ(bits(ValueSet::Storage::kInt8, true), 1024 * 4 * 8 + 32);
}

TEST(PlanNetwork, ASharedWeightIsOneLayer) {
  Graph graph = Layers();
  AddLayer("Conv", "again", {1, 1, 1, 1}, &graph);
  graph.nodes.back().inputs[1] = "conv.w";
  const NetworkPlan plan = PlanNetwork(graph, {}).value();
  EXPECT_EQ(plan.layers[0].nodes, (std::vector<std::string>{"conv", "again"}));
  EXPECT_EQ(plan.layers.size(), 5u);
}

TEST(PlanNetwork, Errors) {
  const auto error = [](const Graph& graph, const Rules& rules) { return PlanNetwork(graph, rules).error().message; };
  Rules rules;
  rules.skip = {"convv"};
  EXPECT_THAT(error(Layers(), rules), HasSubstr("'convv'; did you mean 'conv'?"));
  rules.skip = {"product"};
  EXPECT_THAT(error(Layers(), rules), HasSubstr("unknown layer with a float weight 'product'"));
  rules.skip = {};
  rules.layers["conv"].block = 7;
  EXPECT_THAT(error(Layers(), rules), HasSubstr("layer 'conv': blocks of 7 weights do not divide its rows of 144"));
  EXPECT_THAT(error(Graph(), {}), HasSubstr("no float weight to quantize"));
}

TEST(PlanForBudget, TheFinestThatFits) {
  const Graph graph = Layers();
  const int64_t small = PlanNetwork(graph, SmallRules()).value().TotalBits();
  const int64_t large = PlanNetwork(graph, LargeRules()).value().TotalBits();
  EXPECT_EQ(PlanForBudget(graph, {}, small).value().TotalBits(), small);
  EXPECT_EQ(PlanForBudget(graph, {}, small - 1).value().TotalBits(), large);
  const int64_t least = SmallestPlan(graph, {}).value().TotalBits();
  EXPECT_LT(least, large);
  EXPECT_EQ(PlanForBudget(graph, {}, least).value().TotalBits(), least);
  EXPECT_THAT(PlanForBudget(graph, {}, least - 1).error().message,
              HasSubstr("the smallest possible size is " + std::to_string(least) + " bits"));
  // Bytes in place of halves meet a budget that is too small for these.
  Rules bytes;
  bytes.codebook.storage = ValueSet::Storage::kInt8;
  EXPECT_EQ(PlanForBudget(graph, bytes, small - 1).value().IndexBits(),
            PlanNetwork(graph, SmallRules()).value().IndexBits());
}

}  // namespace
}  // namespace lowbit::quant::product
