// Networks with quantized activations: the runtime's integers and floats are those of the integer form, bit for bit.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph_text.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/integer_weights.h"
#include "lowbit/runtime/binary_look_up.h"
#include "lowbit/runtime/model.h"
#include "lowbit/runtime/testing/random_integer_graph.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::ForEachTarget;
using testing::RandomIntegerGraph;
using testing::RandomSource;

constexpr int64_t kImages = 5;

std::vector<float> RandomPixels(const Shape& shape, uint64_t seed) {
  RandomSource random(seed);
  return random.Floats(kImages * shape[1] * shape[2] * shape[3], -3, 3);
}

std::vector<std::vector<float>> Expected(const Graph& graph, const std::vector<float>& pixels) {
  Shape shape = graph.inputs[0].shape;
  shape[0] = kImages;
  const DoubleTensor image(shape, {pixels.begin(), pixels.end()});
  const auto values = Evaluate(ToIntegerForm(graph).value(), {{"image", image}}, Rounding::kFloat).value();
  std::vector<std::vector<float>> outputs;
  outputs.reserve(graph.outputs.size());
  for (const std::string& name : graph.outputs) {
    outputs.emplace_back(values.at(name).data.begin(), values.at(name).data.end());
  }
  return outputs;
}

std::vector<std::vector<float>> Actual(const Graph& graph, const std::vector<float>& pixels, const Options& options) {
  Model model = Model::FromGraph(graph, options).value();
  std::vector<std::vector<float>> outputs;
  outputs.reserve(graph.outputs.size());
  std::vector<Span<float>> spans;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    outputs.emplace_back(static_cast<size_t>(model.OutputElements(i, kImages).value()), -1234.5f);
  }
  for (std::vector<float>& output : outputs) spans.emplace_back(output);
  const Status status = model.Run({pixels}, kImages, spans);
  EXPECT_TRUE(status.ok());
  return outputs;
}

TEST(IntegerModel, GivesTheBitsOfTheIntegerForm) {
  std::set<std::string> kernels;
  for (uint64_t seed = 0; seed < 240; ++seed) {
    const Graph graph = RandomIntegerGraph(seed, seed % 2 == 1).Build();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(graph));
    const std::vector<float> pixels = RandomPixels(graph.inputs[0].shape, seed);
    const auto expected = Expected(graph, pixels);
    ForEachTarget([&] {
      ASSERT_EQ(expected, Actual(graph, pixels, {}));
      ASSERT_EQ(expected, Actual(graph, pixels, {.threads = 3, .piece = 2}));
    });
    const Model model = Model::FromGraph(graph).value();
    for (const NodePlan& node : model.Nodes()) kernels.insert(node.kernel);
  }
  // The draws must reach every kernel. (Which value sets meet which layers depends on the compiler's order of draws.)
  for (const std::string beginning : {"conv_u8_binary",
                                      "conv_u8_ternary",
                                      "conv_u8_affine4",
                                      "conv_u8_affine8",
                                      "conv_u8_table5",
                                      "depthwise_u8_",
                                      "conv_u8_table10_i16",
                                      "conv_u8_table63_i16",
                                      "depthwise_u8_table",
                                      "conv_u1_",
                                      "conv_u2_",
                                      "gemm_u8_",
                                      "rnn_u8_",
                                      "gru_u8_",
                                      "lstm_u8_",
                                      "affine_f32_u8",
                                      "maxpool_u8",
                                      "channels_first_u8",
                                      "sigmoid_f64",
                                      "softmax_f64",
                                      "reducemean_f32",
                                      "resize_f",
                                      "matmul_f64"}) {
    const auto found = kernels.lower_bound(beginning);
    EXPECT_TRUE(found != kernels.end() && found->rfind(beginning, 0) == 0) << beginning;
  }
}

// Large layers with weights of two values, which have a kernel of their own on some processors.
TEST(IntegerModel, GivesTheBitsOfTheIntegerFormWhereWeightsAreLookedUp) {
  RandomSource random(1);
  Graph graph;
  graph.inputs = {{"image", {kDynamic, 130, 3, 3}}};
  graph.outputs = {"y"};
  graph.parameters["conv"].value = testing::RandomCodes({270, 130, 1, 1}, ValueSet::Binary(), true, &random);
  graph.parameters["window"].value = testing::RandomCodes({70, 270, 3, 3}, ValueSet::Binary(), true, &random);
  graph.parameters["gemm"].value = testing::RandomCodes({260, 630}, ValueSet::Affine(1, 0), true, &random);
  for (const auto& [name, value] : {std::pair{"tenth", .1f}, {"one", 1.f}, {"zero", 0.f}, {"bits", 8.f}}) {
    graph.parameters[name].value = FloatTensor({}, {value});
  }
  graph.nodes = {{"first", "Quant", {"image", "tenth", "zero", "bits"}, {"x"}, {}},
                 {"pointwise", "Conv", {"x", "conv"}, {"c"}, {}},
                 {"relu", "Relu", {"c"}, {"r"}, {}},
                 {"second", "Quant", {"r", "one", "zero", "bits"}, {"q"}, {{"signed", int64_t{0}}}},
                 {"windows", "Conv", {"q", "window"}, {"d"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}},
                 {"third", "Quant", {"d", "one", "zero", "bits"}, {"p"}, {}},
                 {"flat", "Flatten", {"p"}, {"f"}, {}},
                 {"head", "Gemm", {"f", "gemm"}, {"y"}, {{"transB", int64_t{1}}}}};
  const std::vector<float> pixels = RandomPixels(graph.inputs[0].shape, 3);
  const auto expected = Expected(graph, pixels);
  ForEachTarget([&] {
    ASSERT_EQ(expected, Actual(graph, pixels, {}));
    ASSERT_EQ(expected, Actual(graph, pixels, {.threads = 3, .piece = 2}));
    ConvShape head;
    head.in_channels = 630;
    head.out_channels = 260;
    const std::string way = LookingUpPays(head) ? "_lookup" : "";
    const Model model = Model::FromGraph(graph).value();
    std::multiset<std::string> kernels;
    for (const NodePlan& node : model.Nodes()) {
      if (node.fused_into.empty()) kernels.insert(node.kernel);
    }
    EXPECT_EQ(kernels.count("conv_u8_binary" + way), 2u);
    EXPECT_EQ(kernels.count("gemm_u8_affine1" + way), 1u);
  });
}

// Factors of any sign in front of quantizers, as graphs from elsewhere may have them.
TEST(IntegerModel, ScalesInFrontOfQuantizersMayBeNegative) {
  for (const bool bipolar : {false, true}) {
    for (const float factor : {-.5f, 0.f, 1e-30f, 2.f}) {
      SCOPED_TRACE(std::to_string(bipolar) + " " + std::to_string(factor));
      RandomSource random(1);
      Graph graph;
      graph.inputs = {{"image", {kDynamic, 3, 4, 4}}};
      graph.outputs = {"q"};
      graph.parameters["w"].value = testing::RandomCodes({16, 3, 3, 3}, ValueSet::Ternary(), true, &random);
      graph.parameters["one"].value = FloatTensor({}, {1});
      graph.parameters["zero"].value = FloatTensor({}, {0});
      graph.parameters["bits"].value = FloatTensor({}, {8});
      graph.parameters["factor"].value = FloatTensor({}, {factor});
      graph.nodes = {{"first", "Quant", {"image", "one", "zero", "bits"}, {"x"}, {}},
                     {"conv", "Conv", {"x", "w"}, {"c"}, {}},
                     {"relu", "Relu", {"c"}, {"r"}, {}},
                     {"scale", "Mul", {bipolar ? "c" : "r", "factor"}, {"s"}, {}}};
      graph.nodes.push_back(bipolar ? Node{"last", "BipolarQuant", {"s", "one"}, {"q"}, {}}
                                    : Node{"last", "Quant", {"s", "one", "zero", "bits"}, {"q"}, {}});
      if (bipolar) graph.nodes.erase(graph.nodes.begin() + 2);
      const std::vector<float> pixels = RandomPixels(graph.inputs[0].shape, 3);
      const auto expected = Expected(graph, pixels);
      ForEachTarget([&] { ASSERT_EQ(expected, Actual(graph, pixels, {})); });
    }
  }
}

// A product of floats in a network of integers is a fallback.
TEST(IntegerModel, StrictRefusesAFloatProduct) {
  Graph graph;
  graph.inputs = {{"image", {kDynamic, 3}}};
  graph.outputs = {"y"};
  graph.parameters["s"].value = graph.parameters["one"].value = FloatTensor({}, {1});
  graph.parameters["z"].value = FloatTensor({}, {0});
  graph.parameters["b"].value = FloatTensor({}, {8});
  graph.parameters["w"].value = FloatTensor({2, 3}, {.1f, .2f, .3f, .4f, .5f, .6f});
  graph.nodes = {{"quant", "Quant", {"image", "s", "z", "b"}, {"q"}, {}},
                 {"head", "Gemm", {"q", "w"}, {"y"}, {{"transB", int64_t{1}}}}};
  EXPECT_TRUE(Model::FromGraph(graph).ok());
  EXPECT_EQ(Model::FromGraph(graph, {.strict = true}).error().message,
            "node 'head' (Gemm) would run by gemm_f32_float: its weights are no integers of 16 bits");
}

// Layers of the widest weights: integers as long as no sum can leave 32 bits, else floats, and the reason is told.
TEST(IntegerModel, SaysWhichSumsCouldBeTooLarge) {
  for (const int64_t inputs : {258, 259}) {
    for (const float scale : {1.f, .5f}) {
      Graph graph;
      graph.inputs = {{"image", {kDynamic, inputs}}};
      graph.outputs = {"y"};
      graph.parameters["s"].value = FloatTensor({}, {scale});
      graph.parameters["z"].value = FloatTensor({}, {0});
      graph.parameters["b"].value = FloatTensor({}, {8});
      graph.parameters["w"].value = QTensor{{1, inputs},
                                            ValueSet::Table({-kMaxIntegerWeight, kMaxIntegerWeight}),
                                            std::vector<uint8_t>(static_cast<size_t>(inputs), 1),
                                            {1}};
      graph.nodes = {{"quant", "Quant", {"image", "s", "z", "b"}, {"q"}, {{"signed", int64_t{0}}}},
                     {"head", "Gemm", {"q", "w"}, {"y"}, {{"transB", int64_t{1}}}}};
      const NodePlan* gemm = nullptr;
      const Model model = Model::FromGraph(graph).value();
      for (const NodePlan& node : model.Nodes()) gemm = node.node == "head" ? &node : gemm;
      ASSERT_NE(gemm, nullptr);
      EXPECT_EQ(gemm->kernel, inputs == 258 ? "gemm_u8_table2_i16" : "gemm_f32_table2");
      EXPECT_EQ(gemm->reason, inputs == 258 ? "" : "its sums could exceed 32 bits");
      EXPECT_EQ(gemm->fallback, inputs == 259);
    }
  }
}

}  // namespace
}  // namespace lowbit::runtime
