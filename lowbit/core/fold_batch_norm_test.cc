#include "lowbit/core/fold_batch_norm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/validate.h"

namespace lowbit {
namespace {

using ::testing::ElementsAre;

// x [any, 2, 2, 2] -> Conv (float, with bias) -> BatchNormalization -> Conv (ternary) -> BatchNormalization -> y
Graph TwoLayers() {
  Graph graph;
  graph.inputs = {{"x", {kDynamic, 2, 2, 2}}};
  graph.outputs = {"y"};
  graph.parameters["w1"].value = FloatTensor({2, 2, 1, 1}, {1, -2, 0.5f, 3});
  graph.parameters["b1"].value = FloatTensor({2}, {0.3f, -1});
  graph.parameters["w2"].value = QTensor{{2, 2, 1, 1}, ValueSet::Ternary(), {0, 2, 2, 1}, {0.7f}};
  for (const std::string n : {"1", "2"}) {
    graph.parameters["scale" + n].value = FloatTensor({2}, {1.5f, -0.2f});
    graph.parameters["shift" + n].value = FloatTensor({2}, {0.1f, 2});
    graph.parameters["mean" + n].value = FloatTensor({2}, {-0.4f, 0.9f});
    graph.parameters["var" + n].value = FloatTensor({2}, {0.5f, 4});
  }
  graph.nodes = {{"conv1", "Conv", {"x", "w1", "b1"}, {"c1"}, {}},
                 {"bn1", "BatchNormalization", {"c1", "scale1", "shift1", "mean1", "var1"}, {"n1"}, {}},
                 {"conv2", "Conv", {"n1", "w2"}, {"c2"}, {}},
                 {"bn2", "BatchNormalization", {"c2", "scale2", "shift2", "mean2", "var2"}, {"y"}, {}}};
  return graph;
}

std::vector<double> Compute(const Graph& graph) {
  DoubleTensor x({2, 2, 2, 2});
  for (size_t i = 0; i < x.data.size(); ++i) x.data[i] = static_cast<double>(i * 5 % 7) - 3;
  return Evaluate(graph, {{"x", x}}).value().at("y").data;
}

TEST(FoldBatchNorm, LeavesTheNumbersAndNoNormalization) {
  const Graph graph = TwoLayers(), folded = FoldBatchNorm(graph);
  ASSERT_TRUE(Validate(folded).ok());
  ASSERT_EQ(folded.nodes.size(), 2u);
  EXPECT_THAT(folded.nodes[1].outputs, ElementsAre("y"));
  const std::vector<double> before = Compute(graph), after = Compute(folded);
  // Three roundings of values below 10 in each of two layers.
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-5) << i;
  EXPECT_EQ(folded.parameters.size(), 4u);
  const QTensor& low_bit = std::get<QTensor>(folded.parameters.at("w2").value);
  EXPECT_EQ(low_bit.codes, (std::vector<uint8_t>{0, 2, 2, 1}));
  EXPECT_EQ(low_bit.scales.size(), 2u);
}

TEST(FoldBatchNorm, LeavesWhatOthersReadToo) {
  Graph graph = TwoLayers();
  graph.outputs.emplace_back("c1");
  EXPECT_EQ(FoldBatchNorm(graph).nodes.size(), 3u);
  graph.nodes[2].inputs[1] = "w1";
  EXPECT_EQ(FoldBatchNorm(graph).nodes.size(), 4u);
}

}  // namespace
}  // namespace lowbit
