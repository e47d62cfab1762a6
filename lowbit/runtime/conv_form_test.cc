#include "lowbit/runtime/conv_form.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lowbit/base/random.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/validate.h"
#include "lowbit/runtime/model.h"

namespace lowbit::runtime {
namespace {

std::vector<float> Noise(int64_t count, uint32_t stream) {
  const CounterRandom random(9, stream);
  std::vector<float> values;
  values.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(random.Uniform(static_cast<uint64_t>(i)) - 0.5));
  }
  return values;
}

// `graph`, whose input is called x and whose output y, on noise: by its definition.
DoubleTensor Defined(const Graph& graph, const std::vector<float>& pixels) {
  Shape shape = graph.inputs[0].shape;
  const DoubleTensor x(shape, std::vector<double>(pixels.begin(), pixels.end()));
  return Evaluate(graph, {{"x", x}}).value().at("y");
}

// The same by the runtime, which has a kernel for every node.
std::vector<float> Computed(const Graph& graph, const std::vector<float>& pixels, const Shape& output) {
  Model model = Model::FromGraph(graph, {.strict = true}).value();
  std::vector<float> y(static_cast<size_t>(Elements(output)));
  EXPECT_TRUE(model.Run(pixels, output[0], y).ok());
  return y;
}

void ExpectNear(const DoubleTensor& expected, const std::vector<float>& actual, double tolerance) {
  ASSERT_EQ(expected.data.size(), actual.size());
  for (size_t i = 0; i < actual.size(); ++i) ASSERT_NEAR(actual[i], expected.data[i], tolerance) << i;
}

struct Geometry {
  int64_t stride, kernel_y, kernel_x;
  std::vector<int64_t> pads, extra;
  int64_t groups = 1;
  std::vector<int64_t> dilations = {1, 1};
  int64_t stride_x = 0;  // 0: as stride.
  int64_t outputs = 2;   // Of a group.
};

const Geometry kGeometries[] = {{2, 2, 2, {0, 0, 0, 0}, {0, 0}},
                                {2, 4, 4, {1, 1, 1, 1}, {0, 0}},
                                {2, 3, 3, {1, 1, 1, 1}, {1, 1}},
                                {3, 5, 4, {0, 2, 1, 0}, {2, 0}},
                                {1, 3, 2, {1, 0, 0, 1}, {0, 0}},
                                {2, 1, 1, {0, 0, 0, 0}, {1, 0}},
                                {4, 8, 8, {2, 2, 2, 2}, {0, 0}},
                                {2, 5, 5, {4, 3, 1, 2}, {0, 1}},
                                {8, 16, 16, {4, 4, 4, 4}, {0, 0}},
                                // Groups; dilations; strides that differ; all of these.
                                {2, 4, 4, {1, 1, 1, 1}, {0, 0}, 3},
                                {1, 3, 3, {1, 1, 1, 1}, {0, 0}, 3},
                                {1, 3, 2, {1, 0, 0, 1}, {0, 0}, 1, {2, 3}},
                                {2, 3, 2, {1, 2, 0, 1}, {1, 0}, 1, {2, 3}},
                                {2, 3, 3, {1, 1, 1, 1}, {1, 0}, 1, {1, 1}, 1},
                                {1, 3, 4, {0, 1, 0, 1}, {0, 0}, 1, {1, 1}, 2},
                                {3, 4, 3, {1, 0, 2, 1}, {2, 1}, 3, {1, 2}, 2},
                                {2, 4, 3, {1, 1, 1, 0}, {0, 1}, 3, {1, 1}, 0, 1},
                                {1, 3, 3, {1, 1, 1, 1}, {0, 0}, 3, {2, 1}, 0, 1},
                                {2, 4, 3, {1, 1, 1, 1}, {0, 0}, 3, {1, 1}, 3, 1}};

// 3 channels to 2 of each group, or 1, images of 4 x 5, two of them.
Graph MakeGraph(const Geometry& g, bool bias, bool ternary) {
  Graph graph;
  graph.inputs = {{"x", {2, 3, 4, 5}}};
  graph.outputs = {"y"};
  const Shape shape = {3, g.outputs, g.kernel_y, g.kernel_x};
  if (ternary) {
    QTensor codes = {shape, ValueSet::Ternary(), {}, {0.25f}};
    for (const float value : Noise(Elements(shape), 1)) codes.codes.push_back(value < -0.2 ? 0 : value > 0.2 ? 2 : 1);
    graph.parameters["w"].value = codes;
  } else {
    graph.parameters["w"].value = FloatTensor(shape, Noise(Elements(shape), 1));
  }
  graph.parameters["b"].value = FloatTensor({g.outputs * g.groups}, Noise(g.outputs * g.groups, 4));
  Node node = {"up", "ConvTranspose", {"x", "w"}, {"y"}, {}};
  if (bias) node.inputs.emplace_back("b");
  node.attributes["strides"] = std::vector<int64_t>{g.stride, g.stride_x == 0 ? g.stride : g.stride_x};
  node.attributes["group"] = g.groups;
  node.attributes["dilations"] = g.dilations;
  node.attributes["pads"] = g.pads;
  node.attributes["output_padding"] = g.extra;
  graph.nodes = {node};
  return graph;
}

TEST(ConvForm, GivesWhatTransposedConvolutionsGive) {
  const std::vector<float> pixels = Noise(2 * 3 * 4 * 5, 2);
  for (const Geometry& g : kGeometries) {
    for (const bool bias : {false, true}) {
      for (const bool ternary : {false, true}) {
        SCOPED_TRACE(testing::Message() << g.stride << " " << g.kernel_y << "x" << g.kernel_x << " " << bias << ternary
                                        << " groups " << g.groups << " dilation " << g.dilations[0]);
        const Graph graph = MakeGraph(g, bias, ternary);
        ASSERT_TRUE(Validate(graph).ok());
        const DoubleTensor expected = Defined(graph, pixels);
        const Graph convolutions = ToConvolutions(graph);
        EXPECT_TRUE(Validate(convolutions).ok());
        for (const Node& node : convolutions.nodes) EXPECT_NE(node.op, "ConvTranspose");
        EXPECT_EQ(std::holds_alternative<QTensor>(convolutions.parameters.at("up/weight").value), ternary);
        const DoubleTensor same = Defined(convolutions, pixels);
        EXPECT_EQ(same.shape, expected.shape);
        ExpectNear(expected, {same.data.begin(), same.data.end()}, 1e-6);
        ExpectNear(expected, Computed(graph, pixels, expected.shape), 1e-5);
      }
    }
  }
}

TEST(ConvForm, BinaryCodesAreKeptWhereNothingIsFilled) {
  Graph graph = MakeGraph(kGeometries[0], false, true);
  QTensor& codes = std::get<QTensor>(graph.parameters.at("w").value);
  codes.values = ValueSet::Binary();
  for (uint8_t& code : codes.codes) code = code > 0 ? 1 : 0;
  const auto kept = [&graph] {
    return std::holds_alternative<QTensor>(ToConvolutions(graph).parameters.at("up/weight").value);
  };
  EXPECT_TRUE(kept());
  graph.nodes[0].attributes["strides"] = std::vector<int64_t>{3, 3};  // A third of the taps is filled.
  EXPECT_FALSE(kept());
}

TEST(ConvForm, LeavesWhatItCannotSay) {
  const auto stays = [](const Graph& graph) { return ToConvolutions(graph).nodes[0].op == "ConvTranspose"; };
  Graph graph = MakeGraph(kGeometries[0], false, false);
  EXPECT_FALSE(stays(graph));
  graph = MakeGraph(kGeometries[0], false, false);
  graph.nodes[0].attributes["pads"] = std::vector<int64_t>{0, 0, 3, 0};  // The last input row is not read.
  EXPECT_TRUE(stays(graph));
}

// Nodes that only move values, on images [2, 8, 3, 5].
TEST(MovingKernels, MoveAsDefined) {
  const std::vector<float> pixels = Noise(2 * 8 * 3 * 5, 3);
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  struct Case {
    std::string op;
    Attributes attributes;
    std::vector<std::vector<int64_t>> integers;
  };
  const Case cases[] = {
      {"DepthToSpace", {{"blocksize", int64_t{2}}}, {}},
      {"DepthToSpace", {{"blocksize", int64_t{2}}, {"mode", std::string("CRD")}}, {}},
      {"Slice", {}, {{1, 2}, {3, -1}, {2, 3}}},
      {"Slice", {}, {{-7}, {kEnd}, {1}, {3}}},
      {"Slice", {}, {{0, 1, -4}, {8, 2, kEnd}, {1, -2, 3}, {2, 1, 2}}},
  };
  for (const Case& c : cases) {
    Graph graph;
    graph.inputs = {{"x", {2, 8, 3, 5}}};
    graph.outputs = {"y"};
    Node node = {"node", c.op, {"x"}, {"y"}, c.attributes};
    for (const std::vector<int64_t>& values : c.integers) {
      const std::string name = "i" + std::to_string(node.inputs.size());
      graph.parameters[name].value = Int64Tensor({static_cast<int64_t>(values.size())}, values);
      node.inputs.push_back(name);
    }
    graph.nodes = {node};
    const DoubleTensor expected = Defined(graph, pixels);
    ExpectNear(expected, Computed(graph, pixels, expected.shape), 0);
  }
}

}  // namespace
}  // namespace lowbit::runtime
