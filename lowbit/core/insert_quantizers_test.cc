#include "lowbit/core/insert_quantizers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/validate.h"

namespace lowbit {
namespace {

using ::testing::ElementsAre;

struct Builder {
  Graph graph;

  std::string Floats(const std::string& name, Shape shape, float value,
                     ParameterTraits::Role role = ParameterTraits::Role::kConstant) {
    FloatTensor tensor(std::move(shape));
    for (float& element : tensor.data) element = value;
    graph.parameters[name] = {std::move(tensor), {}};
    graph.parameters[name].traits.role = role;
    return name;
  }

  void Add(const std::string& op, std::vector<std::string> inputs, const std::string& output,
           Attributes attributes = {}) {
    graph.nodes.push_back({output, op, std::move(inputs), {output}, std::move(attributes)});
  }

  void Conv(const std::string& input, const std::string& output) {
    Add("Conv", {input, Floats(output + ".w", {2, 2, 1, 1}, .5f, ParameterTraits::Role::kWeight)}, output);
  }

  QuantizableValue Only(const std::string& value) {
    graph.outputs = {graph.nodes.back().outputs[0]};
    EXPECT_TRUE(Validate(graph).ok()) << Validate(graph).error().message;
    for (const QuantizableValue& found : QuantizableValues(graph)) {
      if (found.value == value) return found;
    }
    ADD_FAILURE() << value << " is not there";
    return {};
  }
};

// image -> conv1 -> relu1 -> conv2 -> + relu1 -> sum (an output) -> conv3, conv4 -> mean -> flat -> fc
Graph MakeResidual() {
  Builder b;
  b.graph.inputs = {{"image", {kDynamic, 2, 3, 3}}};
  b.graph.outputs = {"fc", "sum"};
  b.Conv("image", "conv1");
  b.Add("Relu", {"conv1"}, "relu1");
  b.Conv("relu1", "conv2");
  b.Add("Add", {"conv2", "relu1"}, "sum");
  b.Conv("sum", "conv3");
  b.Conv("sum", "conv4");
  b.Add("Add", {"conv3", "conv4"}, "sum2");
  b.Add("Relu", {"sum2"}, "relu2");
  b.Add("GlobalAveragePool", {"relu2"}, "mean");
  b.Add("Flatten", {"mean"}, "flat");
  b.Add("Gemm", {"flat", b.Floats("fc.w", {4, 2}, .25f), b.Floats("fc.b", {4}, 1)}, "fc", {{"transB", int64_t{1}}});
  return b.graph;
}

const Node& FindNode(const Graph& graph, const std::string& name) {
  return *std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.name == name; });
}

TEST(QuantizableValues, AreTheDataOfProducts) {
  const std::vector<QuantizableValue> values = QuantizableValues(MakeResidual());
  std::vector<std::string> names;
  std::vector<bool> nonnegative;
  for (const QuantizableValue& value : values) {
    names.push_back(value.value);
    nonnegative.push_back(value.nonnegative);
  }
  EXPECT_THAT(names, ElementsAre("image", "relu1", "sum", "flat"));
  EXPECT_THAT(nonnegative, ElementsAre(false, true, false, true));
  EXPECT_THAT(values[2].products, ElementsAre("conv3", "conv4"));
}

TEST(QuantizableValues, LeaveOutWhatIsOnAGrid) {
  Builder b;
  b.graph.inputs = {{"x", {kDynamic, 2, 4, 4}}};
  b.Add("Quant", {"x", b.Floats("s", {}, .5f), b.Floats("z", {}, 0), b.Floats("b", {}, 4)}, "q");
  b.Add("MaxPool", {"q"}, "pool", {{"kernel_shape", std::vector<int64_t>{2, 2}}});
  b.Conv("pool", "conv1");
  b.Add("GlobalAveragePool", {"pool"}, "mean");
  b.Conv("mean", "conv2");
  b.graph.outputs = {"conv1", "conv2"};
  const std::vector<QuantizableValue> values = QuantizableValues(b.graph);
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(values[0].value, "mean");  // An average of integers is none.
}

TEST(QuantizableValues, KnowTheSignThroughClipAndSums) {
  const auto nonnegative = [](const std::string& op, std::vector<std::string> inputs, float low) {
    Builder b;
    b.graph.inputs = {{"x", {kDynamic, 2, 3, 3}}};
    b.Add("Relu", {"x"}, "relu");
    b.Floats("low", {}, low);
    b.Floats("high", {}, 6);
    b.Floats("trained", {}, 1, ParameterTraits::Role::kBias);
    b.Add(op, std::move(inputs), "value");
    b.Conv("value", "conv");
    return b.Only("value").nonnegative;
  };
  EXPECT_TRUE(nonnegative("Clip", {"x", "low", "high"}, 0));
  EXPECT_FALSE(nonnegative("Clip", {"x", "low", "high"}, -1));
  EXPECT_FALSE(nonnegative("Clip", {"x", "", "high"}, 0));
  EXPECT_TRUE(nonnegative("Clip", {"relu", "", "high"}, 0));
  EXPECT_FALSE(nonnegative("Clip", {"relu", "", "low"}, -1));  // ONNX: at most `high`, whatever comes in.
  EXPECT_TRUE(nonnegative("Add", {"relu", "low"}, 2));
  EXPECT_FALSE(nonnegative("Add", {"relu", "low"}, -2));
  EXPECT_FALSE(nonnegative("Add", {"relu", "trained"}, 0));  // It is 1 today.
  EXPECT_FALSE(nonnegative("Add", {"relu", "x"}, 0));
  EXPECT_TRUE(nonnegative("Sigmoid", {"x"}, 0));
  EXPECT_FALSE(nonnegative("Tanh", {"relu"}, 0));
}

TEST(InsertQuantizers, EveryReaderReadsTheQuantizedValue) {
  const Graph graph = MakeResidual();
  const Graph quantized =
      InsertQuantizers(graph, {{"image", {.5, 8, true}}, {"relu1", {.25, 4, false}}, {"sum", {.125, 3, true}}});
  ASSERT_TRUE(Validate(quantized).ok()) << Validate(quantized).error().message;
  EXPECT_EQ(quantized.nodes.size(), graph.nodes.size() + 3);
  EXPECT_EQ(quantized.nodes[0].name, "image/quant");  // As soon as its input is there.
  EXPECT_EQ(FindNode(quantized, "conv1").inputs[0], "image/quant");
  EXPECT_EQ(FindNode(quantized, "conv2").inputs[0], "relu1/quant");
  EXPECT_THAT(FindNode(quantized, "sum").inputs, ElementsAre("conv2", "relu1/quant"));
  EXPECT_EQ(FindNode(quantized, "conv4").inputs[0], "sum/quant");
  EXPECT_THAT(quantized.outputs, ElementsAre("fc", "sum"));
  const Node& node = FindNode(quantized, "relu1/quant");
  EXPECT_EQ(IntAttribute(node, "signed", 1), 0);
  EXPECT_THAT(std::get<FloatTensor>(quantized.parameters.at(node.inputs[1]).value).data, ElementsAre(.25f));
  EXPECT_THAT(std::get<FloatTensor>(quantized.parameters.at(node.inputs[3]).value).data, ElementsAre(4));
  EXPECT_TRUE(QuantizesActivations(quantized));
  EXPECT_EQ(QuantizableValues(quantized).size(), 1u);  // "flat" is left.
}

TEST(InsertQuantizers, PutsTheValueOnItsGrid) {
  const Graph quantized = InsertQuantizers(MakeResidual(), {{"relu1", {.25, 2, false}}});
  DoubleTensor image({1, 2, 3, 3});
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<double>(i) / 8 - .5;
  const auto values = Evaluate(quantized, {{"image", image}}).value();
  const DoubleTensor &before = values.at("relu1"), &after = values.at("relu1/quant");
  for (size_t i = 0; i < before.data.size(); ++i) {
    EXPECT_EQ(after.data[i], .25 * std::min(3.0, std::nearbyint(before.data[i] / .25)));
  }
}

TEST(InsertQuantizers, FindsNamesThatAreFree) {
  Graph graph = MakeResidual();
  graph.nodes[1].name = "image/quant";
  graph.parameters["image/quant'/scale"].value = FloatTensor({}, {7});
  const Graph quantized = InsertQuantizers(graph, {{"image", {.5, 8, true}}});
  ASSERT_TRUE(Validate(quantized).ok()) << Validate(quantized).error().message;
  EXPECT_EQ(quantized.nodes[0].name, "image/quant'");
  EXPECT_EQ(quantized.nodes[0].inputs[1], "image/quant'/scale'");
}

}  // namespace
}  // namespace lowbit
