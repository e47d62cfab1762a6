#include "lowbit/core/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/testing/single_node.h"

namespace lowbit {
namespace {

using testing::Counting;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// y = x * w' + b with a ternary w = 0.5 * [-1 0 1; 1 1 1]; z = relu(y)
Graph SmallGraph() {
  Graph graph;
  graph.inputs = {{"x", {kDynamic, 3}}};
  graph.outputs = {"z"};
  graph.parameters["w"].value = QTensor{{2, 3}, ValueSet::Ternary(), {0, 1, 2, 2, 2, 2}, {0.5f}};
  graph.parameters["b"].value = FloatTensor({2}, {-2, 1});
  graph.nodes = {{"fc", "Gemm", {"x", "w", "b"}, {"y"}, {{"transB", int64_t{1}}}}, {"relu", "Relu", {"y"}, {"z"}, {}}};
  return graph;
}

std::string ErrorWith(const std::map<std::string, DoubleTensor>& inputs) {
  const auto result = Evaluate(SmallGraph(), inputs);
  return result.ok() ? "" : result.error().message;
}

TEST(Evaluate, GivesEveryComputedValue) {
  const auto values = Evaluate(SmallGraph(), {{"x", Counting({2, 3})}}).value();
  EXPECT_EQ(values.size(), 2u);
  EXPECT_EQ(values.at("y").shape, (Shape{2, 2}));
  EXPECT_THAT(values.at("y").data, ElementsAre(-1, 4, -1, 8.5));
  EXPECT_THAT(values.at("z").data, ElementsAre(0, 4, 0, 8.5));
}

TEST(Evaluate, LowBitWeightsAreFloatProducts) {
  Graph graph = SmallGraph();
  graph.parameters["w"].value = QTensor{{2, 3}, ValueSet::Table({0.1f, 3}), {0, 1, 1, 1, 1, 1}, {0.3f, 1}};
  const auto values = Evaluate(graph, {{"x", DoubleTensor({1, 3}, {1, 0, 0})}}).value();
  EXPECT_EQ(values.at("y").data[0], static_cast<double>(0.3f * 0.1f) - 2);
}

TEST(Evaluate, RejectsInputsThatDoNotFit) {
  EXPECT_EQ(ErrorWith({{"x", Counting({1, 3})}}), "");
  EXPECT_EQ(ErrorWith({}), "input 'x': is missing");
  EXPECT_EQ(ErrorWith({{"x", Counting({2, 4})}}), "input 'x': has shape [2, 4]; expected [2, 3]");
  EXPECT_THAT(ErrorWith({{"x", Counting({3})}}), HasSubstr("has shape [3]"));
  EXPECT_THAT(ErrorWith({{"x", DoubleTensor(Shape{0, 3})}}), HasSubstr("expected [-1, 3]"));
  EXPECT_THAT(ErrorWith({{"x", DoubleTensor({1, 3}, {1, 2})}}), HasSubstr("data does not match its shape"));
}

TEST(Evaluate, DynamicInputsShareTheBatch) {
  Graph graph = SmallGraph();
  graph.inputs.push_back({"more", {kDynamic, 3}});
  const auto result = Evaluate(graph, {{"x", Counting({2, 3})}, {"more", Counting({1, 3})}});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "input 'more': has shape [1, 3]; expected [2, 3]");
}

TEST(Evaluate, RejectsAnInvalidGraph) {
  Graph graph = SmallGraph();
  graph.nodes[1].inputs[0] = "w2";
  const auto result = Evaluate(graph, {{"x", Counting({2, 3})}});
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, HasSubstr("input 'w2' is not defined"));
}

TEST(Evaluate, RefusesValuesThatWouldNotFitInMemory) {
  Graph graph = SmallGraph();
  graph.parameters["pads"].value = testing::Int64s({0, 0, 1 << 15, 1 << 15});
  graph.nodes.push_back({"pad", "Pad", {"z", "pads"}, {"huge"}, {}});
  ASSERT_TRUE(Validate(graph).ok());
  const auto result = Evaluate(graph, {{"x", Counting({2, 3})}});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::kFailed);
}

}  // namespace
}  // namespace lowbit
