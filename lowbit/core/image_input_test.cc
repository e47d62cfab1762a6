#include "lowbit/core/image_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/validate.h"

namespace lowbit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Graph Named(Shape image, std::vector<Node> nodes) {
  Graph graph;
  graph.name = "net";
  image.insert(image.begin(), kDynamic);
  graph.inputs = {{"x", image}};
  graph.nodes = std::move(nodes);
  graph.outputs = {graph.nodes.back().outputs[0]};
  return graph;
}

// y = |x| of images of three channels.
Graph Absolute(Shape image = {3, 1, 2}) { return Named(std::move(image), {{"abs", "Abs", {"x"}, {"y"}, {}}}); }

std::vector<double> Answer(const Graph& graph, Shape shape, std::vector<double> pixels) {
  EXPECT_TRUE(Validate(graph).ok());
  return Evaluate(graph, {{"x", DoubleTensor(std::move(shape), std::move(pixels))}}).value().at(graph.outputs[0]).data;
}

std::vector<std::string> Operators(const Graph& graph) {
  std::vector<std::string> ops;
  for (const Node& node : graph.nodes) ops.push_back(node.op);
  return ops;
}

TEST(NormalizePixels, SubtractsThenMultiplies) {
  Graph graph = Absolute();
  EXPECT_EQ(NormalizePixels({false, {1, 2, 3}, {1, 2, 4}}, &graph).value(), "input.mul");
  EXPECT_THAT(Answer(graph, {1, 3, 1, 2}, {1, 2, 3, 4, 5, 0}), ElementsAre(0, 1, 2, 4, 8, 12));
}

TEST(NormalizePixels, TakesOneNumberForAllChannelsAndOneForEachPixel) {
  Graph all = Absolute();
  ASSERT_TRUE(NormalizePixels({false, {1}, {2}}, &all).ok());
  EXPECT_THAT(Answer(all, {1, 3, 1, 2}, {1, 2, 3, 4, 5, 6}), ElementsAre(0, 2, 4, 6, 8, 10));
  Graph each = Absolute();
  ASSERT_TRUE(NormalizePixels({false, {1, 2, 3, 4, 5, 7}, {}}, &each).ok());
  EXPECT_THAT(Answer(each, {1, 3, 1, 2}, {1, 2, 3, 4, 5, 6}), ElementsAre(0, 0, 0, 0, 0, 1));
}

TEST(NormalizePixels, ReversesChannelsFirst) {
  Graph graph = Absolute();
  ASSERT_TRUE(NormalizePixels({true, {0, 0, 1}, {}}, &graph).ok());
  EXPECT_THAT(Answer(graph, {1, 3, 1, 2}, {1, 2, 3, 4, 5, 6}), ElementsAre(5, 6, 3, 4, 0, 1));
}

TEST(NormalizePixels, AddsNothingThatChangesNothing) {
  Graph graph = Absolute({1, 2, 2});
  EXPECT_EQ(NormalizePixels({true, {0}, {1}}, &graph).value(), "x");
  EXPECT_EQ(graph.nodes.size(), 1u);
  EXPECT_TRUE(graph.parameters.empty());
}

TEST(NormalizePixels, KeepsNamesApart) {
  Graph graph = Named({1, 1, 1}, {{"input.sub", "Abs", {"x"}, {"input.sub.value"}, {}}});
  ASSERT_TRUE(NormalizePixels({false, {1}, {}}, &graph).ok());
  EXPECT_THAT(Answer(graph, {1, 1, 1, 1}, {-2}), ElementsAre(3));
}

TEST(NormalizePixels, RefusesOthers) {
  const auto problem = [](const PixelNormalization& normalization, Graph graph) {
    const Result<std::string> result = NormalizePixels(normalization, &graph);
    EXPECT_EQ(graph.nodes.size(), 1u);
    return result.ok() ? "" : result.error().message;
  };
  EXPECT_EQ(problem({false, {1, 2}, {}}, Absolute()),
            "the input's mean has 2 values; expected 1, one for each of the 3 channels or 6 pixels");
  EXPECT_EQ(problem({false, {}, {1, 2, 3, 4, 5, 6}}, Absolute()), "the input's scale has 6 values; expected 1 or 3");
  EXPECT_THAT(problem({false, {}, {std::numeric_limits<float>::infinity()}}, Absolute()), HasSubstr("finite"));
  EXPECT_EQ(problem({false, {1}, {}}, Absolute({3})),
            "takes 'x' [-1, 3]; expected one input of images [batch, channels, height, width]");
}

TEST(TakeChannelsFirst, LeavesTheNetworksOwnTransposeOut) {
  const Graph last = Named({1, 2, 3}, {{"t", "Transpose", {"x"}, {"c"}, {{"perm", std::vector<int64_t>{0, 3, 1, 2}}}},
                                       {"abs", "Abs", {"c"}, {"y"}, {}}});
  const Graph first = TakeChannelsFirst(last).value();
  EXPECT_THAT(Operators(first), ElementsAre("Abs"));
  EXPECT_THAT(first.inputs[0].shape, ElementsAre(kDynamic, 3, 1, 2));
  EXPECT_THAT(Answer(first, {1, 3, 1, 2}, {1, 2, 3, 4, 5, 6}), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(TakeChannelsFirst, PutsOneInFrontOfOtherReaders) {
  const Graph last = Named({1, 2, 3}, {{"abs", "Abs", {"x"}, {"y"}, {}}});
  const Graph first = TakeChannelsFirst(last).value();
  EXPECT_THAT(Operators(first), ElementsAre("Transpose", "Abs"));
  EXPECT_THAT(Answer(first, {1, 3, 1, 2}, {1, 2, 3, 4, 5, 6}), ElementsAre(1, 3, 5, 2, 4, 6));
}

TEST(TakeChannelsFirst, KeepsATransposeThatIsAnOutput) {
  const Graph last = Named({1, 2, 3}, {{"t", "Transpose", {"x"}, {"c"}, {{"perm", std::vector<int64_t>{0, 3, 1, 2}}}}});
  const Graph first = TakeChannelsFirst(last).value();
  EXPECT_THAT(Operators(first), ElementsAre("Transpose", "Transpose"));
  EXPECT_THAT(Answer(first, {1, 3, 1, 2}, {1, 2, 3, 4, 5, 6}), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(TakeChannelsFirst, RefusesOthers) {
  EXPECT_EQ(TakeChannelsFirst(Absolute({3})).error().message,
            "takes 'x' [-1, 3]; expected one input of images [batch, height, width, channels]");
}

}  // namespace
}  // namespace lowbit
