// The integer form: what it consists of, and that it computes what the graph computes.

#include "lowbit/core/integer_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lowbit/base/random.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_weights.h"
#include "lowbit/core/validate.h"

namespace lowbit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// --- Integer weights.

TEST(AsIntegers, OfTheUsualSets) {
  EXPECT_THAT(AsIntegers(ValueSet::Binary())->integers, ElementsAre(-1, 1));
  EXPECT_THAT(AsIntegers(ValueSet::Ternary())->integers, ElementsAre(-1, 0, 1));
  EXPECT_THAT(AsIntegers(ValueSet::Affine(2, 1))->integers, ElementsAre(-1, 0, 1, 2));
  EXPECT_EQ(AsIntegers(ValueSet::Affine(8, 128))->Magnitude(), 128);
}

TEST(AsIntegers, TakesAPowerOfTwoOutOfATable) {
  const auto values = AsIntegers(ValueSet::Table({-.75f, 0, .5f, 2}));
  ASSERT_TRUE(values.has_value());
  EXPECT_THAT(values->integers, ElementsAre(-3, 0, 2, 8));
  EXPECT_EQ(values->factor, .25);
  EXPECT_EQ(AsIntegers(ValueSet::Table({0, 0, 8, 4}))->factor, 4);
  EXPECT_THAT(AsIntegers(ValueSet::Table({0}))->integers, ElementsAre(0));
}

TEST(AsIntegers, RefusesWhatIsNoSetOfIntegers) {
  EXPECT_FALSE(AsIntegers(ValueSet::Table({.1f, 1})).has_value());
  EXPECT_FALSE(AsIntegers(ValueSet::Table({1, 65536})).has_value());
  ValueSet steps = ValueSet::ByteCodebook({1, 2}, 2);  // A step for each position.
  EXPECT_FALSE(AsIntegers(steps).has_value());
  EXPECT_FALSE(AsIntegers(ValueSet::Codebook({.1f, 1}, 2)).has_value());
}

TEST(AsIntegers, OfCodebooksWithOneStep) {
  EXPECT_THAT(AsIntegers(ValueSet::Codebook({1, 2, -.5f, 0}, 2))->integers, ElementsAre(2, 4, -1, 0));
  const auto bytes = AsIntegers(ValueSet::ByteCodebook({.3f, -.3f, .15f, .3f}, 2));
  EXPECT_THAT(bytes->integers, ElementsAre(127, -127, 64, 127));
  EXPECT_EQ(bytes->factor, .3f / 127);
}

TEST(SumsFit, LooksAtTheWeightsWhereTheLargestCouldBeTooMuch) {
  const ValueSet set = ValueSet::Table({0, 1, 32639});
  const IntegerValues values = AsIntegers(set).value();
  QTensor tensor = {{2, 300}, set, std::vector<uint8_t>(600, 0), {1}};
  std::fill(tensor.codes.begin(), tensor.codes.begin() + 258, uint8_t{2});
  EXPECT_TRUE(SumsFit(tensor, values, true, 255));
  EXPECT_FALSE(SumsFit(tensor, values, true, 256));
  tensor.codes[299] = 1;
  EXPECT_TRUE(SumsFit(tensor, values, true, 255));
  tensor.codes[298] = 2;
  EXPECT_FALSE(SumsFit(tensor, values, true, 255));
  EXPECT_TRUE(SumsFit(tensor, values, false, 255));  // Columns of two weights.
}

// --- Graphs of one quantizer, one product and what follows.

struct Builder {
  Graph graph;
  CounterRandom random{11, StreamOf("integer form")};
  uint64_t next = 0;

  float Uniform(double low, double high) { return static_cast<float>(low + (high - low) * random.Uniform(next++)); }

  std::string Floats(const std::string& name, Shape shape, double low, double high) {
    FloatTensor tensor(std::move(shape));
    for (float& value : tensor.data) value = Uniform(low, high);
    graph.parameters[name].value = std::move(tensor);
    return name;
  }

  std::string Scalar(const std::string& name, float value) {
    graph.parameters[name].value = FloatTensor({}, {value});
    return name;
  }

  std::string Codes(const std::string& name, Shape shape, ValueSet values, bool row_scales) {
    QTensor tensor = {std::move(shape), std::move(values), {}, {}};
    tensor.codes.resize(static_cast<size_t>(Elements(tensor.shape)));
    for (uint8_t& code : tensor.codes) {
      code = static_cast<uint8_t>(random.Below(next++, static_cast<uint64_t>(tensor.values.Count())));
    }
    tensor.scales.resize(row_scales ? static_cast<size_t>(tensor.Rows()) : 1);
    for (float& scale : tensor.scales) scale = Uniform(.01, .1);
    graph.parameters[name].value = std::move(tensor);
    return name;
  }

  void Add(const std::string& op, std::vector<std::string> inputs, const std::string& output,
           Attributes attributes = {}) {
    graph.nodes.push_back({"node_" + output, op, std::move(inputs), {output}, std::move(attributes)});
  }

  void Quant(const std::string& input, const std::string& output, float scale, int bits, Attributes attributes = {}) {
    Add("Quant",
        {input, Scalar(output + "_s", scale), Scalar(output + "_z", 0),
         Scalar(output + "_b", static_cast<float>(bits))},
        output, std::move(attributes));
  }

  void BatchNorm(const std::string& input, const std::string& output, int64_t channels) {
    Add("BatchNormalization",
        {input, Floats(output + "_g", {channels}, .5, 2), Floats(output + "_h", {channels}, -1, 1),
         Floats(output + "_m", {channels}, -1, 1), Floats(output + "_v", {channels}, .5, 2)},
        output);
  }
};

const Attributes kUnsigned = {{"signed", int64_t{0}}};

// image -> Quant -> Conv + bias -> BatchNorm -> Relu -> Quant -> MaxPool -> Conv -> + shortcut -> Quant -> mean -> Gemm
Graph MakeNetwork() {
  Builder b;
  b.graph.name = "net";
  b.graph.inputs = {{"image", {kDynamic, 3, 6, 6}}};
  b.graph.outputs = {"logits"};
  b.Quant("image", "q0", .05f, 8);
  const Attributes same = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  b.Add("Conv", {"q0", b.Codes("w1", {5, 3, 3, 3}, ValueSet::Ternary(), true), b.Floats("b1", {5}, -1, 1)}, "c1", same);
  b.BatchNorm("c1", "n1", 5);
  b.Add("Relu", {"n1"}, "r1");
  b.Quant("r1", "q1", .1f, 4, kUnsigned);
  b.Add("MaxPool", {"q1"}, "p1",
        {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
  b.Add("Conv", {"p1", b.Codes("w2", {5, 5, 3, 3}, ValueSet::Table({-.5f, 0, .25f, 1}), false)}, "c2", same);
  b.BatchNorm("c2", "n2", 5);
  b.Add("Add", {"n2", "p1"}, "sum");
  b.Quant("sum", "q2", .125f, 8);
  b.Add("GlobalAveragePool", {"q2"}, "mean");
  b.Add("Flatten", {"mean"}, "flat");
  b.Quant("flat", "q3", .03125f, 8);
  b.Add("Gemm", {"q3", b.Codes("w3", {4, 5}, ValueSet::Affine(4, 8), true), b.Floats("b3", {4}, -1, 1)}, "logits",
        {{"transB", int64_t{1}}, {"alpha", .5}, {"beta", 2.0}});
  return b.graph;
}

std::map<std::string, DoubleTensor> Image(int64_t images) {
  const CounterRandom random(5, StreamOf("image"));
  DoubleTensor image({images, 3, 6, 6});
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<float>(random.Normal(i));
  return {{"image", std::move(image)}};
}

const Node* FindNode(const Graph& graph, const std::string& name) {
  const auto found =
      std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.name == name; });
  return found == graph.nodes.end() ? nullptr : &*found;
}

TEST(IntegerForm, ComputesTheSame) {
  const Graph graph = MakeNetwork();
  const Graph integers = ToIntegerForm(graph).value();
  ASSERT_TRUE(Validate(integers).ok()) << Validate(integers).error().message;
  const auto expected = Evaluate(graph, Image(4)).value();
  for (const Rounding rounding : {Rounding::kNone, Rounding::kFloat}) {
    const auto actual = Evaluate(integers, Image(4), rounding).value();
    for (const std::string name : {"q0", "n1", "q1", "p1", "n2", "q2", "logits"}) {
      if (actual.count(name) == 0) continue;
      const DoubleTensor &one = expected.at(name), &two = actual.at(name);
      ASSERT_EQ(one.shape, two.shape);
      for (size_t i = 0; i < one.data.size(); ++i) {
        ASSERT_NEAR(one.data[i], two.data[i], 1e-4 * (1 + std::abs(one.data[i]))) << name << " at " << i;
      }
    }
    EXPECT_EQ(actual.count("n1") + actual.count("n2") + actual.count("logits"), 3u);
  }
}

// Every input of a product is integers within the quantizer's range, and every sum is an integer.
TEST(IntegerForm, ProductsSeeIntegersOnly) {
  const Graph integers = ToIntegerForm(MakeNetwork()).value();
  const auto values = Evaluate(integers, Image(2), Rounding::kFloat).value();
  int products = 0;
  for (const Node& node : integers.nodes) {
    if (node.op != "Conv" && node.op != "Gemm") continue;
    ++products;
    for (const std::string& name : {node.inputs[0], node.outputs[0]}) {
      for (const double value : values.at(name).data) ASSERT_EQ(value, std::floor(value)) << name;
    }
    const QTensor& weight = std::get<QTensor>(integers.parameters.at(node.inputs[1]).value);
    EXPECT_THAT(weight.scales, ElementsAre(1));
    EXPECT_EQ(node.inputs.size(), 2u);
  }
  EXPECT_EQ(products, 3);
}

TEST(IntegerForm, PoolsIntegersAndFoldsBatchNorm) {
  const Graph integers = ToIntegerForm(MakeNetwork()).value();
  EXPECT_EQ(FindNode(integers, "node_p1")->inputs[0], "q1/codes");
  EXPECT_EQ(FindNode(integers, "node_mean")->inputs[0], "q2/codes");
  EXPECT_EQ(FindNode(integers, "node_n1"), nullptr);
  EXPECT_EQ(FindNode(integers, "node_c1/add")->outputs[0], "n1");
  // The shortcut is no integer addition: it gets its scale back.
  EXPECT_EQ(FindNode(integers, "node_sum")->inputs[1], "p1");
  EXPECT_EQ(FindNode(integers, "p1/value")->inputs[0], "p1/codes");
}

TEST(IntegerForm, KeepsAFloatLayerAsItIs) {
  Builder b;
  b.graph.inputs = {{"x", {kDynamic, 3}}};
  b.graph.outputs = {"y"};
  b.Quant("x", "q", .5f, 8);
  b.Add("Gemm", {"q", b.Floats("w", {2, 3}, -1, 1)}, "y", {{"transB", int64_t{1}}});
  const Graph integers = ToIntegerForm(b.graph).value();
  EXPECT_EQ(FindNode(integers, "node_y")->inputs[0], "q");
  EXPECT_TRUE(Validate(integers).ok());
}

// 24-bit activations times weights up to 15: the sums could leave 32 bits.
TEST(IntegerForm, LeavesSumsThatCouldOverflowInFloat) {
  Builder b;
  b.graph.inputs = {{"x", {kDynamic, 40}}};
  b.graph.outputs = {"y"};
  b.Quant("x", "q", .5f, 24);
  b.Add("Gemm", {"q", b.Codes("w", {2, 40}, ValueSet::Affine(4, 0), true)}, "y", {{"transB", int64_t{1}}});
  EXPECT_EQ(FindNode(ToIntegerForm(b.graph).value(), "node_y")->inputs[0], "q");
}

TEST(IntegerForm, OneBitOnBothSides) {
  Builder b;
  b.graph.inputs = {{"x", {kDynamic, 7}}};
  b.graph.outputs = {"y"};
  b.Add("BipolarQuant", {"x", b.Scalar("s", .3f)}, "q");
  b.Add("Gemm", {"q", b.Codes("w", {2, 7}, ValueSet::Binary(), true)}, "y", {{"transB", int64_t{1}}});
  const Graph integers = ToIntegerForm(b.graph).value();
  EXPECT_EQ(FindNode(integers, "node_q")->inputs[0], "x");
  const std::map<std::string, DoubleTensor> x = {{"x", DoubleTensor({1, 7}, {-1, 2, -3, 0, .5, -.5, 1})}};
  const DoubleTensor one = Evaluate(b.graph, x).value().at("y"), two = Evaluate(integers, x).value().at("y");
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(one.data[i], two.data[i], 1e-6);
}

TEST(IntegerForm, WithoutQuantizersOnlyBatchNormChanges) {
  Builder b;
  b.graph.inputs = {{"x", {kDynamic, 3}}};
  b.graph.outputs = {"y"};
  b.BatchNorm("x", "y", 3);
  EXPECT_FALSE(QuantizesActivations(b.graph));
  EXPECT_TRUE(QuantizesActivations(MakeNetwork()));
  const Graph integers = ToIntegerForm(b.graph).value();
  EXPECT_EQ(integers.nodes.size(), 2u);
}

TEST(IntegerForm, RefusesAnInvalidGraph) {
  Graph graph = MakeNetwork();
  graph.nodes[1].inputs[1] = "nowhere";
  EXPECT_THAT(ToIntegerForm(graph).error().message, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace lowbit
