#include "lowbit/core/cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/graph_text.h"
#include "lowbit/core/testing/single_node.h"

namespace lowbit {
namespace {

using ::testing::HasSubstr;
using testing::Int64s;
using testing::Ints;

// image [batch, 4, 8, 8] -> grouped convolution -> prelu -> reshape -> fc; the two layers share a bias.
Graph TwoLayers() {
  Graph graph;
  graph.inputs = {{"image", {kDynamic, 4, 8, 8}}};
  graph.outputs = {"logits"};
  graph.parameters["w"].value = FloatTensor({6, 2, 3, 3});
  graph.parameters["bias"].value = FloatTensor(Shape{6});
  graph.parameters["slope"].value = FloatTensor(Shape{1});
  graph.parameters["shape"].value = Int64s({0, -1});
  graph.parameters["fc"].value = QTensor{{6, 96}, ValueSet::Binary(), std::vector<uint8_t>(576, 0), {1}};
  graph.nodes = {
      {"conv",
       "Conv",
       {"image", "w", "bias"},
       {"a"},
       {{"group", int64_t{2}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}}},
      {"act", "PRelu", {"a", "slope"}, {"b"}, {}},
      {"flat", "Reshape", {"b", "shape"}, {"c"}, {}},
      {"fc", "Gemm", {"c", "fc", "bias"}, {"logits"}, {{"transB", int64_t{1}}}},
  };
  return graph;
}

TEST(Costs, CountsForOneImage) {
  const std::vector<NodeCost> costs = Costs(TwoLayers()).value();
  ASSERT_EQ(costs.size(), 4u);
  EXPECT_EQ(costs[0].node, "conv");
  EXPECT_EQ(costs[0].op, "Conv");
  EXPECT_EQ(costs[0].output, (Shape{1, 6, 4, 4}));
  EXPECT_EQ(costs[0].macs, 6 * 4 * 4 * (2 * 3 * 3));
  EXPECT_EQ(costs[0].weights, 6 * 2 * 3 * 3 + 6);
  EXPECT_EQ(costs[1].macs, 0);
  EXPECT_EQ(costs[1].weights, 1);
  EXPECT_EQ(costs[2].weights, 0);  // A shape is no weight.
  EXPECT_EQ(costs[3].macs, 96 * 6);
  EXPECT_EQ(costs[3].weights, 96 * 6 + 6);
  EXPECT_EQ(CountWeights(TwoLayers()), 108 + 6 + 1 + 576);
}

int64_t MacsOf(const std::string& op, Attributes attributes, std::vector<testing::Operand> operands) {
  return Costs(testing::MakeSingleNode(op, std::move(attributes), std::move(operands)).graph).value()[0].macs;
}

TEST(Costs, MatricesAndTransposedConvolutions) {
  EXPECT_EQ(MacsOf("MatMul", {}, {DoubleTensor({5, 2, 3}), DoubleTensor({3, 4})}), 5 * 2 * 3 * 4);
  EXPECT_EQ(MacsOf("Gemm", {{"transA", int64_t{1}}}, {DoubleTensor({3, 2}), DoubleTensor({3, 4})}), 2 * 3 * 4);
  // Each of 4 * 5 * 5 input elements meets 6 channels of 3 x 3 taps.
  EXPECT_EQ(MacsOf("ConvTranspose", {}, {DoubleTensor({1, 4, 5, 5}), DoubleTensor({4, 6, 3, 3})}), 4 * 5 * 5 * 6 * 9);
}

TEST(Costs, RejectsWhatDoesNotFit63Bits) {
  Graph graph;
  graph.inputs = {{"x", {1, 1, 1 << 20, 1 << 20}}, {"w", {1, 1, 1 << 19, 1 << 19}}};
  graph.outputs = {"y"};
  graph.nodes = {{"vast", "Conv", {"x", "w"}, {"y"}, {}}};  // 2^38 outputs of 2^38 taps.
  ASSERT_TRUE(Validate(graph).ok());
  ASSERT_FALSE(Costs(graph).ok());
  EXPECT_EQ(Costs(graph).error().message, "node 'vast' (Conv): needs more than 2^62 multiply-accumulates");
}

TEST(Costs, RejectsAnInvalidGraph) {
  Graph graph = TwoLayers();
  graph.nodes.pop_back();
  EXPECT_THAT(Costs(graph).error().message, HasSubstr("no node computes it"));
}

TEST(Describe, ListsShapesAndKinds) {
  EXPECT_EQ(Describe(TwoLayers()),
            "input image [1, 4, 8, 8]\n"
            "conv: Conv(image, w float [6, 2, 3, 3], bias float [6]) group=2 pads=[1, 1, 1, 1] strides=[2, 2]"
            " -> a [1, 6, 4, 4]\n"
            "act: PRelu(a, slope float [1]) -> b [1, 6, 4, 4]\n"
            "flat: Reshape(b, shape int64 [0, -1] [2]) -> c [1, 96]\n"
            "fc: Gemm(c, fc binary [6, 96], bias float [6]) transB=1 -> logits [1, 6]\n"
            "output logits\n");
}

TEST(Describe, SaysWhatIsWrong) {
  Graph graph = TwoLayers();
  graph.nodes[1].op = "PRelux";
  const std::string text = Describe(graph);
  EXPECT_THAT(text, HasSubstr("act: PRelux(a, slope float [1]) -> b\n"));
  EXPECT_THAT(text, HasSubstr("not valid: node 'act' (PRelux): unknown operator"));
}

TEST(AttributeText, OfEveryType) {
  EXPECT_EQ(AttributeText(int64_t{-3}), "-3");
  EXPECT_EQ(AttributeText(0.25), "0.25");
  EXPECT_EQ(AttributeText(std::string("VALID")), "VALID");
  EXPECT_EQ(AttributeText(std::vector<int64_t>{}), "[]");
  EXPECT_EQ(AttributeText(std::vector<double>{0.5, 2}), "[0.5, 2]");
}

}  // namespace
}  // namespace lowbit
