#include "lowbit/runtime/trim_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/validate.h"
#include "lowbit/runtime/testing/random_values.h"

namespace lowbit::runtime {
namespace {

using ::testing::ElementsAre;

struct Case {
  int64_t height, width, kernel_y, kernel_x;
  std::vector<int64_t> strides, dilations, pads;
  Shape trimmed;  // Rows and columns that are left.
};

const Case kCases[] = {
    {6, 6, 3, 3, {1, 1}, {12, 12}, {12, 12, 12, 12}, {1, 1}},   // An atrous pyramid's.
    {6, 14, 3, 3, {1, 1}, {12, 12}, {12, 12, 12, 12}, {1, 3}},  // Wide enough for all columns.
    {6, 6, 5, 3, {1, 1}, {3, 1}, {6, 1, 6, 1}, {3, 3}},         // The outermost rows alone.
    {6, 6, 3, 3, {1, 1}, {5, 6}, {5, 6, 5, 6}, {3, 1}},         // Rows 5 apart still meet.
    {6, 6, 3, 3, {2, 3}, {7, 2}, {7, 2, 7, 2}, {1, 3}},         // With strides.
    {4, 4, 3, 3, {8, 8}, {1, 1}, {1, 1, 1, 1}, {2, 2}},         // One output, whose first row and column are padding.
    {6, 6, 2, 2, {1, 1}, {9, 9}, {9, 0, 0, 9}, {1, 1}},  // One-sided: the last row is left, and the first column.
    {6, 6, 3, 3, {1, 1}, {1, 1}, {1, 1, 1, 1}, {3, 3}},  // Everything is seen.
    {2, 2, 3, 3, {1, 1}, {4, 4}, {5, 5, 5, 5}, {1, 1}},  // Pads beyond the taps stay.
    {2, 2, 2, 2, {1, 1}, {9, 9}, {5, 5, 5, 5}, {2, 2}},  // All is padding, and pads would become negative.
};

Graph Network(const Case& c, bool low_bit) {
  Graph graph;
  graph.name = "conv";
  graph.inputs = {{"x", {kDynamic, 4, c.height, c.width}}};
  graph.outputs = {"y"};
  testing::RandomSource random(3);
  const Shape shape = {6, 2, c.kernel_y, c.kernel_x};
  if (low_bit) {
    std::vector<float> noise = random.Floats(Elements(shape), 0, 3);
    QTensor weights = {shape, ValueSet::Ternary(), {}, {0.5f, 1, 2, 3, 4, 5}};
    for (const float v : noise) weights.codes.push_back(static_cast<uint8_t>(v));
    graph.parameters["w"].value = weights;
  } else {
    graph.parameters["w"].value = random.Tensor(shape, -1, 1);
  }
  graph.nodes = {{"conv",
                  "Conv",
                  {"x", "w"},
                  {"y"},
                  {{"group", int64_t{2}}, {"strides", c.strides}, {"dilations", c.dilations}, {"pads", c.pads}}}};
  return graph;
}

TEST(TrimKernels, WhatIsLeftComputesTheSame) {
  for (const Case& c : kCases) {
    for (const bool low_bit : {false, true}) {
      SCOPED_TRACE(::testing::Message() << (&c - kCases) << (low_bit ? " low-bit" : ""));
      const Graph graph = Network(c, low_bit), trimmed = TrimKernels(graph);
      ASSERT_TRUE(Validate(trimmed).ok()) << Validate(trimmed).error().message;
      const Shape& left = trimmed.parameters.at(trimmed.nodes[0].inputs[1]).shape();
      EXPECT_THAT(left, ElementsAre(6, 2, c.trimmed[0], c.trimmed[1]));
      const Shape shape = {2, 4, c.height, c.width};
      const std::vector<float> pixels = testing::RandomSource(5).Floats(Elements(shape), -1, 1);
      const DoubleTensor x(shape, {pixels.begin(), pixels.end()});
      const DoubleTensor expected = Evaluate(graph, {{"x", x}}).value().at("y");
      const DoubleTensor actual = Evaluate(trimmed, {{"x", x}}).value().at("y");
      EXPECT_EQ(actual.shape, expected.shape);
      EXPECT_EQ(actual.data, expected.data);
    }
  }
}

TEST(TrimKernels, SharedWeightsAreCutForEach) {
  Graph graph = Network(kCases[0], false);
  graph.nodes.push_back(
      {"near", "Conv", {"x", "w"}, {"z"}, {{"group", int64_t{2}}, {"pads", std::vector<int64_t>{1, 1, 1, 1}}}});
  graph.outputs.push_back("z");
  const Graph trimmed = TrimKernels(graph);
  EXPECT_EQ(trimmed.nodes[0].inputs[1], "conv/weight");
  EXPECT_EQ(trimmed.nodes[1].inputs[1], "w");
}

TEST(TrimKernels, CodebooksAreLeftAlone) {
  Graph graph = Network(kCases[0], false);
  graph.parameters["w"].value =
      QTensor{{6, 2, 3, 3}, ValueSet::Codebook(std::vector<float>(9, 1), 9), std::vector<uint8_t>(12), {1}};
  EXPECT_EQ(TrimKernels(graph).nodes[0].inputs[1], "w");
}

}  // namespace
}  // namespace lowbit::runtime
