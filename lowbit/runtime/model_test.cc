// Whole graphs against core's float64 evaluation.

#include "lowbit/runtime/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "lowbit/core/evaluate.h"
#include "lowbit/runtime/testing/error_bound.h"
#include "lowbit/runtime/testing/random_graph.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::BoundedValues;
using testing::EvaluateWithBounds;
using testing::ForEachTarget;
using ::testing::HasSubstr;
using testing::RandomGraph;
using testing::RandomSource;

using Outputs = std::vector<std::vector<float>>;

// REQUIRES: one input
Result<Outputs> RunModel(Model* model, const std::vector<float>& input, int64_t batch) {
  Outputs outputs;
  for (size_t i = 0; i < model->Outputs().size(); ++i) {
    LOWBIT_TRY(const int64_t elements, model->OutputElements(i, batch));
    outputs.emplace_back(static_cast<size_t>(elements), -7777.0f);
  }
  LOWBIT_RETURN_IF_ERROR(model->Run({Span<const float>(input)}, batch, {outputs.begin(), outputs.end()}));
  return outputs;
}

Outputs RunGraph(const Graph& graph, const std::vector<float>& input, int64_t batch, const Options& options = {}) {
  Result<Model> model = Model::FromGraph(graph, options);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().message);
  Result<Outputs> outputs = RunModel(&model.value(), input, batch);
  EXPECT_TRUE(outputs.ok()) << (outputs.ok() ? "" : outputs.error().message);
  return outputs.value();
}

FloatTensor RandomBatch(const Graph& graph, int64_t batch, uint64_t seed) {
  RandomSource random(seed + 1000);
  Shape shape = graph.inputs[0].shape;
  shape[0] = batch;
  return random.Tensor(shape, -1, 1);
}

BoundedValues Expected(const Graph& graph, const FloatTensor& batch) {
  const DoubleTensor wide(batch.shape, std::vector<double>(batch.data.begin(), batch.data.end()));
  return EvaluateWithBounds(graph, {{graph.inputs[0].name, wide}});
}

void ExpectWithinBounds(const Graph& graph, const BoundedValues& expected, const Outputs& actual) {
  ASSERT_EQ(actual.size(), graph.outputs.size());
  for (size_t o = 0; o < actual.size(); ++o) {
    const auto& [value, error] = expected.at(graph.outputs[o]);
    ASSERT_EQ(value.data.size(), actual[o].size());
    for (size_t i = 0; i < actual[o].size(); ++i) {
      // 2^-120: sums of results that underflow.
      ASSERT_NEAR(value.data[i], static_cast<double>(actual[o][i]), error.data[i] + 0x1p-120)
          << "output " << o << " at " << i;
    }
  }
}

TEST(Model, AgreesWithEvaluateOnRandomGraphs) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = RandomGraph(seed).Build();
    const int64_t batch = static_cast<int64_t>(seed % 9) + 1;
    const FloatTensor input = RandomBatch(graph, batch, seed);
    const BoundedValues expected = Expected(graph, input);
    ForEachTarget([&] { ExpectWithinBounds(graph, expected, RunGraph(graph, input.data, batch)); });
  }
}

// Images that are worth more than one thread each, of a number of rows and pixels that none divides.
TEST(Model, ThreadsShareALargeImage) {
  Graph graph;
  graph.name = "large";
  graph.inputs = {{"x", {kDynamic, 3, 97, 83}}};
  graph.outputs = {"y", "sum"};
  graph.parameters["pads"].value = Int64Tensor({8}, {0, 2, 1, 2, 0, 1, 2, 1});
  graph.nodes = {{"pad", "Pad", {"x", "pads"}, {"padded"}, {}},
                 {"pool", "MaxPool", {"padded"}, {"y"}, {{"kernel_shape", std::vector<int64_t>{3, 2}}}},
                 {"sum", "Add", {"x", "x"}, {"sum"}, {}}};
  for (const int64_t batch : {1, 2}) {
    const FloatTensor input = RandomBatch(graph, batch, 5);
    const Outputs expected = RunGraph(graph, input.data, batch);
    ExpectWithinBounds(graph, Expected(graph, input), expected);
    for (const int threads : {2, 3, 7}) EXPECT_EQ(expected, RunGraph(graph, input.data, batch, {.threads = threads}));
  }
}

TEST(Model, BitsDoNotDependOnThreadsPiecesOrTheRestOfTheBatch) {
  for (uint64_t seed = 200; seed < 230; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = RandomGraph(seed).Build();
    const FloatTensor input = RandomBatch(graph, 9, seed);
    const Outputs whole = RunGraph(graph, input.data, 9);
    for (const int threads : {1, 2, 3}) {
      for (const int64_t piece : {0, 1, 2, 4, 9, 20}) {
        EXPECT_EQ(whole, RunGraph(graph, input.data, 9, {.threads = threads, .piece = piece}));
      }
    }
    const size_t image = input.data.size() / 9;
    const Outputs last = RunGraph(graph, {input.data.end() - static_cast<int64_t>(image), input.data.end()}, 1);
    for (size_t o = 0; o < whole.size(); ++o) {
      EXPECT_TRUE(std::equal(last[o].begin(), last[o].end(), whole[o].end() - static_cast<int64_t>(last[o].size())));
    }
  }
}

TEST(Model, RunsAgainWithOtherBatches) {
  const Graph graph = RandomGraph(5).Build();
  Result<Model> model = Model::FromGraph(graph, {.threads = 2, .piece = 3});
  ASSERT_TRUE(model.ok());
  for (const int64_t batch : {4, 1, 9, 2, 4}) {
    const FloatTensor input = RandomBatch(graph, batch, static_cast<uint64_t>(batch));
    Result<Outputs> outputs = RunModel(&model.value(), input.data, batch);
    ASSERT_TRUE(outputs.ok());
    ExpectWithinBounds(graph, Expected(graph, input), outputs.value());
  }
}

// The kernels that random graphs reach: a test of the tests above.
TEST(Model, RandomGraphsReachEveryKernel) {
  std::set<std::string> reached;
  for (uint64_t seed = 0; seed < 250; ++seed) {
    const Result<Model> model = Model::FromGraph(RandomGraph(seed).Build());
    ASSERT_TRUE(model.ok());
    for (const NodePlan& node : model.value().Nodes()) {
      reached.insert(node.kernel.substr(0, node.kernel.find('_')));
      if (!node.fused_into.empty()) reached.insert("fused " + node.op);
    }
  }
  EXPECT_THAT(reached, ::testing::IsSupersetOf({"conv",       "gemm",       "depthwise",   "affine",
                                                "add",        "maxpool",    "avgpool",     "pad",
                                                "concat",     "alias",      "channels",    "evaluate",
                                                "resize",     "split",      "transpose",   "tanh",
                                                "hardswish",  "mul",        "depth",       "fused BatchNormalization",
                                                "fused Relu", "fused Clip", "fused PRelu", "fused Add",
                                                "fused Sub",  "fused Mul"}));
}

// A downsampling shortcut: the main branch's kernel takes the addition along, and has to wait for the other branch.
TEST(Model, AddsABranchThatIsComputedLater) {
  RandomSource random(3);
  Graph graph;
  graph.name = "branches";
  graph.inputs = {{"x", {kDynamic, 3, 4, 4}}};
  graph.outputs = {"y"};
  for (const char* weight : {"w1", "w2", "w3"}) {
    graph.parameters[weight].value = testing::RandomCodes({3, 3, 1, 1}, ValueSet::Ternary(), true, &random);
  }
  graph.nodes = {{"main", "Conv", {"x", "w1"}, {"a"}, {}},  {"side1", "Conv", {"x", "w2"}, {"b"}, {}},
                 {"side2", "Conv", {"b", "w3"}, {"c"}, {}}, {"side3", "Relu", {"c"}, {"d"}, {}},
                 {"sum", "Add", {"a", "d"}, {"e"}, {}},     {"relu", "Relu", {"e"}, {"y"}, {}}};
  const FloatTensor input = RandomBatch(graph, 2, 3);
  ExpectWithinBounds(graph, Expected(graph, input), RunGraph(graph, input.data, 2));
  EXPECT_EQ(Model::FromGraph(graph).value().Nodes()[4].fused_into, "main");
}

Graph OneNode(const std::string& op, const Shape& input, Attributes attributes = {}) {
  Graph graph;
  graph.name = "one";
  graph.inputs = {{"x", input}};
  graph.outputs = {"y"};
  graph.nodes = {{"node", op, {"x"}, {"y"}, std::move(attributes)}};
  return graph;
}

std::string ErrorOf(const Status& status) { return status.ok() ? "" : status.error().message; }

TEST(Model, RejectsWrongSizesAndBatches) {
  Model model = Model::FromGraph(OneNode("Relu", {kDynamic, 3})).value();
  const std::vector<float> x(6);
  std::vector<float> y(6);
  EXPECT_EQ(ErrorOf(model.Run(x, 2, y)), "");
  EXPECT_EQ(ErrorOf(model.Run(x, 1, y)), "input 'x' has 6 values; expected 3");
  EXPECT_EQ(ErrorOf(model.Run(x, 2, Span<float>(y.data(), 5))), "output 'y' has 5 values; expected 6");
  EXPECT_EQ(ErrorOf(model.Run(x, 0, y)), "batch must be in 1..2^31; it is 0");
  EXPECT_THAT(ErrorOf(model.Run(x, std::numeric_limits<int64_t>::max(), y)), HasSubstr("batch must be in"));
  EXPECT_EQ(ErrorOf(model.Run({Span<const float>(x), Span<const float>(x)}, 2, {Span<float>(y)})),
            "graph 'one' has 1 inputs and 1 outputs; given are 2 and 1");
}

TEST(Model, RejectsBadOptionsAndGraphs) {
  const Graph graph = OneNode("Relu", {kDynamic, 3});
  EXPECT_EQ(Model::FromGraph(graph, {.threads = -1}).error().message, "threads must be in 0..1024; it is -1");
  EXPECT_EQ(Model::FromGraph(graph, {.piece = 5000}).error().message, "piece must be in 0..4096; it is 5000");
  Graph no_output = graph;
  no_output.outputs.clear();
  EXPECT_FALSE(Model::FromGraph(no_output).ok());
  EXPECT_THAT(Model::FromGraph(OneNode("Conv", {kDynamic, 3})).error().message, HasSubstr("node 'node' (Conv)"));
  EXPECT_THAT(Model::FromGraph(OneNode("Relu", {kDynamic, int64_t{1} << 20, int64_t{1} << 18})).error().message,
              HasSubstr("more memory"));
  EXPECT_FALSE(Model::Load("/nothing/here.lbm").ok());
}

// Twenty values of 80 MiB, of which two are needed at a time.
TEST(Model, CountsTheMemoryThatIsNeededAtTheSameTime) {
  Graph graph;
  graph.inputs = {{"v0", {1, 20, 1024, 1024}}};
  for (int i = 0; i < 20; ++i) {
    const std::string from = "v" + std::to_string(i), to = "v" + std::to_string(i + 1);
    graph.nodes.push_back({"n" + std::to_string(i), i % 2 == 0 ? "MaxPool" : "Relu", {from}, {to}, {}});
    if (i % 2 == 0) graph.nodes.back().attributes["kernel_shape"] = std::vector<int64_t>{1, 1};
  }
  graph.outputs = {"v20"};
  EXPECT_TRUE(Model::FromGraph(graph).ok());
}

TEST(Model, TakesOneBatchOnlyWhereTheGraphSaysSo) {
  Model model = Model::FromGraph(OneNode("Relu", {2, 2})).value();
  EXPECT_EQ(model.Inputs()[0].shape, (Shape{2, 2}));
  const std::vector<float> x = {-1, 2, -3, 4};
  std::vector<float> y(4);
  EXPECT_EQ(ErrorOf(model.Run(x, 2, y)), "");
  EXPECT_THAT(y, ::testing::ElementsAre(0, 2, 0, 4));
  EXPECT_EQ(ErrorOf(model.Run(x, 1, y)), "graph 'one' takes batches of 2, and multiples of it; the batch is 1");
}

// Each is a run of its own: softmax over the batch of two does not see the others.
TEST(Model, TakesMultiplesOfAFixedBatch) {
  Model model = Model::FromGraph(OneNode("Softmax", {2, 1}, {{"axis", int64_t{0}}})).value();
  EXPECT_EQ(model.OutputElements(0, 6).value(), 6);
  EXPECT_EQ(model.OutputShape(0, 6).value(), (Shape{6, 1}));
  const std::vector<float> x = {0, 0, 9, 9, 0, 200};
  std::vector<float> y(6);
  EXPECT_EQ(ErrorOf(model.Run(x, 6, y)), "");
  EXPECT_THAT(y, ::testing::ElementsAre(0.5f, 0.5f, 0.5f, 0.5f, 0, 1));
  EXPECT_EQ(ErrorOf(model.Run(x, 3, y)), "graph 'one' takes batches of 2, and multiples of it; the batch is 3");
  EXPECT_NE(ErrorOf(model.Run(x, 4, y)), "");
}

// Softmax over the batch: an image's result depends on the others, so that no piece may be cut off.
TEST(Model, PlansTheWholeBatchWhereImagesAreMixed) {
  const Graph graph = OneNode("Softmax", {kDynamic, 2}, {{"axis", int64_t{0}}});
  Model model = Model::FromGraph(graph, {.piece = 1}).value();
  for (const int64_t batch : {3, 1, 5}) {
    EXPECT_EQ(model.OutputShape(0, batch).value(), (Shape{batch, 2}));
    const FloatTensor input = RandomBatch(graph, batch, 1);
    Result<Outputs> outputs = RunModel(&model, input.data, batch);
    ASSERT_TRUE(outputs.ok());
    ExpectWithinBounds(graph, Expected(graph, input), outputs.value());
  }
}

// The last rows of a batch whatever its size: Slice tells nothing by its shape for one and two images.
TEST(Model, KeepsABatchWholeForSlicesOfIt) {
  Graph graph = OneNode("Slice", {kDynamic, 2});
  graph.nodes[0].inputs = {"x", "starts", "ends", "axes", "steps"};
  graph.parameters["starts"].value = Int64Tensor({1}, {-1});
  graph.parameters["ends"].value = Int64Tensor({1}, {std::numeric_limits<int64_t>::min()});
  graph.parameters["axes"].value = Int64Tensor({1}, {0});
  graph.parameters["steps"].value = Int64Tensor({1}, {-1});
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  EXPECT_THAT(RunGraph(graph, x, 3, {.piece = 1})[0], ::testing::ElementsAre(5, 6, 3, 4, 1, 2));
}

// So do running sums along it.
TEST(Model, KeepsABatchWholeForSumsAlongIt) {
  Graph graph = OneNode("CumSum", {kDynamic, 1});
  graph.nodes[0].inputs = {"x", "axis"};
  graph.parameters["axis"].value = Int64Tensor({}, {0});
  EXPECT_THAT(RunGraph(graph, {1, 2, 3}, 3, {.piece = 1})[0], ::testing::ElementsAre(1, 3, 6));
}

TEST(Model, RepeatsAConstantInTensorsOfThreeDimensions) {
  Graph graph = OneNode("Mul", {kDynamic, 2, 2});
  graph.nodes[0].inputs = {"x", "c"};
  graph.parameters["c"].value = FloatTensor({2, 1}, {10, 100});
  EXPECT_THAT(RunGraph(graph, {1, 2, 3, 4}, 1)[0], ::testing::ElementsAre(10, 20, 300, 400));
}

TEST(Model, ComputesConstantsAtLoad) {
  Graph constant = OneNode("Relu", {kDynamic, 2});
  constant.parameters["c"].value = FloatTensor({1, 2}, {-5, 6});
  constant.nodes.push_back({"folded", "Relu", {"c"}, {"d"}, {}});
  constant.nodes.push_back({"sum", "Add", {"y", "d"}, {"z"}, {}});
  constant.outputs = {"z", "d"};
  const Outputs sums = RunGraph(constant, {-1, 2, 3, -4}, 2);
  EXPECT_THAT(sums[0], ::testing::ElementsAre(0, 8, 3, 6));
  EXPECT_THAT(sums[1], ::testing::ElementsAre(0, 6));
}

TEST(Model, RunsSeveralInputs) {
  Graph graph = OneNode("Sub", {kDynamic, 2});
  graph.inputs.push_back({"b", {kDynamic, 2}});
  graph.nodes[0].inputs = {"x", "b"};
  Model model = Model::FromGraph(graph, {.piece = 1}).value();
  const std::vector<float> x = {1, 2, 3, 4}, b = {4, 4, 1, 1};
  std::vector<float> y(4);
  ASSERT_EQ(ErrorOf(model.Run({Span<const float>(x), Span<const float>(b)}, 2, {Span<float>(y)})), "");
  EXPECT_THAT(y, ::testing::ElementsAre(-3, -2, 2, 3));
}

TEST(Model, SaysWhatRunsWhere) {
  RandomSource random(1);
  Graph graph;
  graph.name = "named";
  graph.metadata["labels"] = "cat";
  graph.inputs = {{"image", {kDynamic, 4, 5, 5}}};
  graph.outputs = {"out"};
  graph.parameters["w"].value = testing::RandomCodes({4, 4, 3, 3}, ValueSet::Ternary(), true, &random);
  for (const char* name : {"s", "b", "m", "v"}) graph.parameters[name].value = random.Tensor({4}, 0.5, 1);
  graph.nodes = {{"conv", "Conv", {"image", "w"}, {"c"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}},
                 {"bn", "BatchNormalization", {"c", "s", "b", "m", "v"}, {"n"}, {}},
                 {"add", "Add", {"image", "n"}, {"a"}, {}},
                 {"relu", "Relu", {"a"}, {"r"}, {}},
                 {"cut", "ConvTranspose", {"r", "k"}, {"out"}, {{"pads", std::vector<int64_t>{0, 0, 1, 0}}}}};
  graph.parameters["k"].value = random.Tensor({4, 1, 1, 1}, 0.5, 1);
  const Model model = Model::FromGraph(graph).value();
  EXPECT_EQ(model.Name(), "named");
  EXPECT_EQ(model.Metadata().at("labels"), "cat");
  EXPECT_EQ(model.Inputs()[0].shape, (Shape{kDynamic, 4, 5, 5}));
  EXPECT_EQ(model.Outputs()[0].shape, (Shape{kDynamic, 1, 4, 5}));
  ASSERT_EQ(model.Nodes().size(), 5u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(model.Nodes()[i].kernel, "conv_f32_ternary");
    EXPECT_EQ(model.Nodes()[i].fused_into, i == 0 ? "" : "conv");
    EXPECT_NE(model.Nodes()[i].target, "");
  }
  EXPECT_EQ(model.Nodes()[0].reason, "its input is not quantized to 8 bits or less");
  EXPECT_FALSE(model.Nodes()[0].fallback);
  EXPECT_EQ(model.Nodes()[4].kernel, "evaluate_f64");
  EXPECT_EQ(model.Nodes()[4].reason, "there is no kernel for this ConvTranspose");
  EXPECT_TRUE(model.Nodes()[4].fallback);
  EXPECT_EQ(Model::FromGraph(graph, {.strict = true}).error().message,
            "node 'cut' (ConvTranspose) would run by evaluate_f64: there is no kernel for this ConvTranspose");
  graph.nodes.pop_back();
  graph.outputs = {"r"};
  EXPECT_TRUE(Model::FromGraph(graph, {.strict = true}).ok());
  // Input, convolution's output and the last one: two of them live at the same time, 100 floats each (a piece of 48).
  EXPECT_GE(model.PlannedBytes(), 48 * 2 * 100 * 4);
  EXPECT_LE(model.PlannedBytes(), 48 * 2 * 112 * 4 + 4 * (1 << 16));
}

}  // namespace
}  // namespace lowbit::runtime
