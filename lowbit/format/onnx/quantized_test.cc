// Quantized files as other tools write them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/onnx.pb.h"
#include "lowbit/format/onnx/test_maker.h"
#include "lowbit/format/onnx/write.h"

namespace lowbit::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Maker;
using testing::Operators;
using testing::SetInt;
using testing::SetInts;
using testing::SetText;

constexpr int32_t kUint8 = 2, kInt8 = 3, kInt32 = 6, kInt4 = 22, kUint2 = 25;
constexpr const char* kDomain = "onnx.brevitas";

std::vector<double> Compute(const Graph& graph, const DoubleTensor& x, Rounding rounding = Rounding::kNone) {
  return Evaluate(graph, {{"x", x}}, rounding).value().at(graph.outputs[0]).data;
}

// The integers in which the network is executed.
std::vector<double> ComputeInIntegers(const Graph& graph, const DoubleTensor& x) {
  return Compute(ToIntegerForm(graph).value(), x, Rounding::kFloat);
}

const QTensor& LowBit(const Graph& graph, const std::string& name) {
  return std::get<QTensor>(graph.parameters.at(name).value);
}

void Scalar(Maker* maker, const std::string& name, float value) { maker->Floats(name, {}, {value}); }

// Brevitas' Quant, with all of its attributes.
void AddQuant(Maker* maker, const std::vector<std::string>& inputs, const std::string& output, bool is_signed,
              bool narrow, const std::string& rounding = "ROUND") {
  lowbit_onnx::Node* node = maker->Node("Quant", inputs, {output});
  node->set_domain(kDomain);
  SetInt(node, "signed", is_signed ? 1 : 0);
  SetInt(node, "narrow", narrow ? 1 : 0);
  SetText(node, "rounding_mode", rounding);
}

// A convolution and a linear layer as Brevitas exports them: floats and Quant for weights, the linear weights turned.
class Brevitas : public ::testing::Test {
 protected:
  Brevitas() {
    maker_.Input("x", {-1, 1, 1, 2});
    Scalar(&maker_, "zero", 0);
    Scalar(&maker_, "bits8", 8);
    Scalar(&maker_, "bits4", 4);
    Scalar(&maker_, "in_scale", 0.1f);
    maker_.Floats("w", {2, 1, 1, 1}, {0.74f, -9});
    maker_.Floats("w_scale", {2, 1, 1, 1}, {0.25f, 0.5f});
    Scalar(&maker_, "act_scale", 0.2f);
    maker_.Floats("w2", {2, 4}, {1, -0.4f, 0, 0.6f, 0.5f, 1.49f, -3, 0});
    Scalar(&maker_, "w2_scale", 1);
    Scalar(&maker_, "bits2", 2);
    AddQuant(&maker_, {"x", "in_scale", "zero", "bits8"}, "xq", true, false);
    AddQuant(&maker_, {"w", "w_scale", "zero", "bits4"}, "wq", true, true);
    maker_.Node("Conv", {"xq", "wq"}, {"c"});
    maker_.Node("Relu", {"c"}, {"r"});
    AddQuant(&maker_, {"r", "act_scale", "zero", "bits4"}, "rq", false, false);
    maker_.Node("Flatten", {"rq"}, {"f"});
    AddQuant(&maker_, {"w2", "w2_scale", "zero", "bits2"}, "w2q", true, true);
    maker_.Node("Transpose", {"w2q"}, {"w2t"});
    SetInts(maker_.model.mutable_graph()->mutable_node(7), "perm", {1, 0});
    maker_.Node("MatMul", {"f", "w2t"}, {"y"});
    maker_.Output("y");
  }
  Maker maker_;
};

TEST_F(Brevitas, WeightsBecomeLowBitTensors) {
  const Graph graph = maker_.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Quant", "Conv", "Relu", "Quant", "Flatten", "Gemm"));
  const QTensor& conv = LowBit(graph, "wq");
  EXPECT_THAT(Dequantize(conv).data, ElementsAre(0.75f, -3.5f));  // 3 * 0.25; -9 is cut to -7 * 0.5: narrow.
  EXPECT_THAT(conv.scales, ElementsAre(0.25f, 0.5f));
  EXPECT_EQ(conv.values, ValueSet::Affine(4, 8));
  const QTensor& linear = LowBit(graph, "w2t");
  EXPECT_EQ(linear.values, ValueSet::Ternary());
  EXPECT_EQ(linear.shape, (Shape{2, 4}));
  EXPECT_THAT(Dequantize(linear).data, ElementsAre(1, 0, 0, 1, 0, 1, -1, 0));  // Halves to even.
}

TEST_F(Brevitas, IsExecutedInIntegers) {
  const Graph graph = maker_.Read().value();
  // x -> integers -7, 12; conv 1: 3 * (-7, 12) * .025 -> relu, / .2 -> 0, 4.5 -> 4; conv 2: -7 * (-7, 12) * .05 -> 12.25.
  const DoubleTensor x({1, 1, 1, 2}, {-0.7, 1.2});
  const std::vector<double> integers = {0, 4, 12, 0};
  const std::vector<double> y = ComputeInIntegers(graph, x);
  ASSERT_EQ(y.size(), 2u);
  EXPECT_EQ(y[0], static_cast<float>(0.2f * (integers[0] + integers[3])));
  EXPECT_EQ(y[1], static_cast<float>(0.2f * (integers[1] - integers[2])));
  // The linear layer's sum is of integers: its scale comes behind it.
  const Graph form = ToIntegerForm(graph).value();
  const auto product = std::find_if(form.nodes.begin(), form.nodes.end(), [](const Node& n) { return n.op == "Gemm"; });
  EXPECT_EQ(product->outputs[0], "y/sum");
}

TEST_F(Brevitas, OlderNamesAndCasesOfTheOperatorAreRead) {
  for (lowbit_onnx::Node& node : *maker_.model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Quant") continue;
    node.set_op_type("IntQuant");
    node.set_domain("qonnx.custom_op.general");
    node.mutable_attribute(2)->set_s("round");
  }
  EXPECT_THAT(Operators(maker_.Read().value()), ElementsAre("Quant", "Conv", "Relu", "Quant", "Flatten", "Gemm"));
}

// The table of QONNX's documentation.
struct RoundingCase {
  const char* mode;
  std::vector<double> expected;
};
const std::vector<float> kHalves = {5.5f, 2.5f, 1.6f, 1.1f, 1, -1, -1.1f, -1.6f, -2.5f, -5.5f};
const RoundingCase kRoundings[] = {
    {"ROUND", {6, 2, 2, 1, 1, -1, -1, -2, -2, -6}},     {"CEIL", {6, 3, 2, 2, 1, -1, -1, -1, -2, -5}},
    {"FLOOR", {5, 2, 1, 1, 1, -1, -2, -2, -3, -6}},     {"UP", {6, 3, 2, 2, 1, -1, -2, -2, -3, -6}},
    {"DOWN", {5, 2, 1, 1, 1, -1, -1, -1, -2, -5}},      {"HALF_UP", {6, 3, 2, 1, 1, -1, -1, -2, -3, -6}},
    {"HALF_DOWN", {5, 2, 2, 1, 1, -1, -1, -2, -2, -5}},
};

TEST(Quantized, EveryRoundingModeOfActivationsAndWeights) {
  for (const RoundingCase& rounding : kRoundings) {
    SCOPED_TRACE(rounding.mode);
    Maker maker;
    maker.Input("x", {1, 10});
    maker.Floats("w", {1, 10}, kHalves);
    Scalar(&maker, "one", 1);
    Scalar(&maker, "zero", 0);
    Scalar(&maker, "bits", 8);
    AddQuant(&maker, {"x", "one", "zero", "bits"}, "xq", true, false, rounding.mode);
    AddQuant(&maker, {"w", "one", "zero", "bits"}, "wq", true, false, rounding.mode);
    maker.Node("Concat", {"xq", "wq"}, {"y"});
    SetInt(maker.model.mutable_graph()->mutable_node(2), "axis", 0);
    maker.Output("y");
    std::vector<double> twice = rounding.expected;
    twice.insert(twice.end(), rounding.expected.begin(), rounding.expected.end());
    EXPECT_EQ(Compute(maker.Read().value(), DoubleTensor({1, 10}, {kHalves.begin(), kHalves.end()})), twice);
  }
  Maker maker;
  maker.Input("x", {1});
  Scalar(&maker, "one", 1);
  AddQuant(&maker, {"x", "one", "one", "one"}, "y", false, false, "STOCHASTIC");
  maker.Output("y");
  EXPECT_THAT(maker.Error(), HasSubstr("node 'Quant_y' (Quant): attribute 'rounding_mode' is 'STOCHASTIC'; known: "));
}

TEST(Quantized, ScalesByChannelOfActivationsAreSpelledOut) {
  Maker maker;
  maker.Input("x", {-1, 2});
  maker.Floats("scale", {1, 2}, {0.5f, 2});
  Scalar(&maker, "three", 3);
  Scalar(&maker, "bits", 4);
  AddQuant(&maker, {"x", "scale", "three", "bits"}, "y", false, true);
  maker.Output("y");
  // Integers 0..14 less 3.
  EXPECT_THAT(Compute(maker.Read().value(), DoubleTensor({2, 2}, {-9, 5.1, 1.3, 99})), ElementsAre(-1.5, 6, 1.5, 22));
}

TEST(Quantized, BipolarWeightsAndActivations) {
  Maker maker;
  maker.Input("x", {-1, 2});
  maker.Floats("w", {2, 2}, {0.3f, -0.1f, 0, -5});
  maker.Floats("scale", {2, 1}, {0.5f, 0.25f});
  Scalar(&maker, "one", 1);
  maker.Node("BipolarQuant", {"x", "one"}, {"xq"})->set_domain(kDomain);
  maker.Node("BipolarQuant", {"w", "scale"}, {"wq"})->set_domain(kDomain);
  SetInt(maker.Node("Gemm", {"xq", "wq"}, {"y"}), "transB", 1);
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_EQ(LowBit(graph, "wq").values, ValueSet::Binary());
  EXPECT_THAT(Dequantize(LowBit(graph, "wq")).data, ElementsAre(0.5f, -0.5f, 0.25f, -0.25f));
  EXPECT_THAT(ComputeInIntegers(graph, DoubleTensor({1, 2}, {3, -0.2})), ElementsAre(1, 0.5));
}

// More than 8 bits say, but few different ones: powers of two, for example.
TEST(Quantized, WideWeightsOfFewValuesAreATable) {
  Maker maker;
  maker.Input("x", {1, 2});
  maker.Floats("w", {2, 2}, {512, -1.5f, 0, 512});
  Scalar(&maker, "scale", 0.5f);
  Scalar(&maker, "zero", 0);
  Scalar(&maker, "bits", 12);
  AddQuant(&maker, {"w", "scale", "zero", "bits"}, "wq", true, false);
  SetInt(maker.Node("Gemm", {"x", "wq"}, {"y"}), "transB", 1);
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_EQ(LowBit(graph, "wq").values, ValueSet::Table({-3, 0, 1024}));
  EXPECT_THAT(Dequantize(LowBit(graph, "wq")).data, ElementsAre(512, -1.5f, 0, 512));
}

// Trunc's sum of products: what it keeps of each integer n with scale s.
std::vector<double> Truncated(Maker* maker, const std::vector<std::string>& inputs, const std::string& mode,
                              const std::vector<double>& integers, bool in_integers) {
  maker->Input("x", {1, static_cast<int64_t>(integers.size())});
  lowbit_onnx::Node* node = maker->Node("Trunc", inputs, {"y"});
  node->set_domain("qonnx.custom_op.general");
  if (!mode.empty()) SetText(node, "rounding_mode", mode);
  maker->Output("y");
  DoubleTensor x({1, static_cast<int64_t>(integers.size())});
  for (size_t i = 0; i < integers.size(); ++i) x.data[i] = static_cast<float>(0.3f * integers[i]);
  const Graph graph = maker->Read().value();
  std::vector<double> y = in_integers ? ComputeInIntegers(graph, x) : Compute(graph, x);
  for (double& value : y) value /= 0.3f;
  return y;
}

void AddTruncScalars(Maker* maker) {
  Scalar(maker, "s", 0.3f);
  Scalar(maker, "zero", 0);
  Scalar(maker, "six", 6);
  Scalar(maker, "four", 4);
  Scalar(maker, "s4", 1.2f);
}

TEST(Quantized, TruncDropsTheLowestBits) {
  for (const bool in_integers : {false, true}) {
    Maker maker;
    AddTruncScalars(&maker);
    const std::vector<double> y =
        Truncated(&maker, {"x", "s", "zero", "six", "four"}, "", {0, 3, 4, 7, 61, -1, -4, -5, -32}, in_integers);
    const double expected[] = {0, 0, 1, 1, 15, -1, -1, -2, -8};
    for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 1e-6) << i;
  }
  Maker maker;
  AddTruncScalars(&maker);
  EXPECT_THAT(Truncated(&maker, {"x", "s", "zero", "six", "four"}, "CEIL", {3, 4, -5}, false), ElementsAre(1, 1, -1));
}

TEST(Quantized, TruncOfTheSecondVersionSaturatesAndScales) {
  for (const bool in_integers : {false, true}) {
    Maker maker;
    AddTruncScalars(&maker);
    const std::vector<double> y =
        Truncated(&maker, {"x", "s", "zero", "six", "s4", "four"}, "", {3, 5, 29, 61, -1, -40}, in_integers);
    const double expected[] = {0, 4, 28, 28, -4, -32};  // Integers -8..7, times four.
    for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 1e-5) << i;
  }
}

TEST(Quantized, TruncIsWrittenAsItWasRead) {
  const std::vector<std::vector<std::string>> versions = {{"x", "s", "zero", "six", "four"},
                                                          {"x", "s", "zero", "six", "s4", "four"}};
  for (size_t version = 1; version <= 2; ++version) {
    Maker maker;
    AddTruncScalars(&maker);
    maker.Input("x", {1, 4});
    maker.Node("Trunc", versions[version - 1], {"y"})->set_domain("qonnx.custom_op.general");
    maker.Output("y");
    const Graph graph = maker.Read().value();
    const std::string bytes = Encode(graph, Flavor::kQonnx).value();
    lowbit_onnx::Model model;
    ASSERT_TRUE(model.ParseFromString(bytes));
    ASSERT_EQ(model.graph().node_size(), 1);
    EXPECT_EQ(model.graph().node(0).op_type(), "Trunc");
    EXPECT_EQ(model.graph().node(0).output(0), "y");
    EXPECT_EQ(model.opset_import(1).version(), version);
    std::vector<float> scalars;
    for (int i = 1; i < model.graph().node(0).input_size(); ++i) {
      for (const lowbit_onnx::Tensor& tensor : model.graph().initializer()) {
        if (tensor.name() != model.graph().node(0).input(i)) continue;
        std::memcpy(&scalars.emplace_back(), tensor.raw_data().data(), sizeof(float));
      }
    }
    if (version == 1) {
      EXPECT_THAT(scalars, ElementsAre(0.3f, 0, 6, 4));
    }
    if (version == 2) {
      EXPECT_THAT(scalars, ElementsAre(0.3f, 0, 6, 1.2f, 4));
    }
    const Span<const uint8_t> file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    const DoubleTensor x({1, 4}, {.3f * 3, .3f * 29, .3f * -5, .3f * 61});
    EXPECT_EQ(Compute(Decode(file, "written", "").value(), x), Compute(graph, x));
  }
}

// A constant that is a bit off stays arithmetic.
TEST(Quantized, OtherArithmeticBeforeAQuantIsNoTrunc) {
  Maker maker;
  AddTruncScalars(&maker);
  maker.Input("x", {1, 4});
  maker.Node("Trunc", {"x", "s", "zero", "six", "four"}, {"y"})->set_domain("qonnx.custom_op.general");
  maker.Output("y");
  Graph graph = maker.Read().value();
  const auto sub = std::find_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) { return n.op == "Sub"; });
  ASSERT_NE(sub, graph.nodes.end());
  float& middle = std::get<FloatTensor>(graph.parameters.at(sub->inputs[1]).value).data[0];
  middle = std::nextafter(middle, 1.0f);
  lowbit_onnx::Model model;
  ASSERT_TRUE(model.ParseFromString(Encode(graph, Flavor::kQonnx).value()));
  EXPECT_EQ(model.graph().node_size(), 3);
}

// x -> uint8 -> MaxPool of integers -> QLinearConv -> floats, as quantizing tools of ONNX Runtime write it.
TEST(Quantized, QLinearConvBetweenIntegers) {
  Maker maker;
  maker.Input("x", {-1, 1, 1, 4});
  Scalar(&maker, "xs", 0.5f);
  maker.Small("xz", kUint8, {}, {10});
  maker.Small("w", kInt8, {2, 1, 1, 1}, {3, -5});
  maker.Floats("ws", {2}, {0.25f, 0.125f});
  maker.Small("wz", kInt8, {2}, {0, 0});
  Scalar(&maker, "ys", 0.2f);
  maker.Small("yz", kInt8, {}, {-3});
  maker.Small("b", kInt32, {2}, {8, -16});
  maker.Node("QuantizeLinear", {"x", "xs", "xz"}, {"xq"});
  SetInts(maker.Node("MaxPool", {"xq"}, {"p"}), "kernel_shape", {1, 2});
  maker.Node("QLinearConv", {"p", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"}, {"yq"});
  maker.Node("DequantizeLinear", {"yq", "ys", "yz"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Quant", "MaxPool", "Conv", "Quant", "Identity"));
  // Integers of x: 6, -11, 0 (saturated at 0 - 10 = -10), 2; the largest of neighbours: 6, 0 -> -11 is cut to -10.
  const std::vector<double> y = ComputeInIntegers(graph, DoubleTensor({1, 1, 1, 4}, {3, -99, -4.9, 1.1}));
  std::vector<double> expected;
  for (const double w : {3 * 0.25 * 0.5, -5 * 0.125 * 0.5}) {
    for (const double a : {6.0, -10.0, 2.0}) {
      const double bias = w > 0 ? 8 * 0.25 * 0.5 : -16 * 0.125 * 0.5;
      expected.push_back(static_cast<float>(0.2f * std::nearbyint((a * w + bias) / 0.2f)));
    }
  }
  EXPECT_EQ(y, expected);
}

TEST(Quantized, PairsAroundLayersBecomeGrids) {
  Maker maker;
  maker.Input("x", {-1, 2});
  Scalar(&maker, "s", 0.1f);
  maker.Small("z", kUint8, {}, {128});
  maker.Small("w", kInt8, {2, 3}, {1, -2, 3, 4, 5, -100});
  maker.Floats("ws", {3}, {1, 0.5f, 0.25f});
  maker.Node("QuantizeLinear", {"x", "s", "z"}, {"xq"});
  maker.Node("DequantizeLinear", {"xq", "s", "z"}, {"xd"});
  SetInt(maker.Node("DequantizeLinear", {"w", "ws"}, {"wd"}), "axis", 1);
  maker.Node("MatMul", {"xd", "wd"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Quant", "Gemm"));
  EXPECT_THAT(LowBit(graph, "wd").scales, ElementsAre(1, 0.5f, 0.25f));
  EXPECT_THAT(Dequantize(LowBit(graph, "wd")).data, ElementsAre(1, 4, -1, 2.5f, 0.75f, -25));
  const std::vector<double> y = Compute(graph, DoubleTensor({1, 2}, {1.02, -0.31}));
  EXPECT_NEAR(y[0], 1 * 1.0 + 4 * -0.3, 1e-6);
  EXPECT_NEAR(y[2], 0.75 * 1.0 + -25 * -0.3, 1e-6);
}

// PyTorch writes a Cast to the type that the integers have behind each QuantizeLinear.
TEST(Quantized, ACastToTheSameTypeKeepsTheGrid) {
  Maker maker;
  maker.Input("x", {-1, 2});
  Scalar(&maker, "s", 0.1f);
  maker.Small("z", kUint8, {}, {128});
  maker.Small("w", kInt8, {3, 2}, {1, -2, 3, 4, 5, -100});
  maker.Node("QuantizeLinear", {"x", "s", "z"}, {"xq"});
  SetInt(maker.Node("Cast", {"xq"}, {"same"}), "to", kUint8);
  maker.Node("DequantizeLinear", {"same", "s", "z"}, {"xd"});
  maker.Node("DequantizeLinear", {"w", "s"}, {"wd"});
  SetInt(maker.Node("Gemm", {"xd", "wd"}, {"y"}), "transB", 1);
  maker.Output("y");
  EXPECT_THAT(Operators(maker.Read().value()), ElementsAre("Quant", "Gemm"));
  lowbit_onnx::Node* cast = maker.model.mutable_graph()->mutable_node(1);
  cast->clear_attribute();
  SetInt(cast, "to", kInt32);
  EXPECT_GT(maker.Read().value().nodes.size(), 2u);
}

TEST(Quantized, IntegersThatTheFileGivesOutAreIntegers) {
  Maker maker;
  maker.Input("x", {3});
  Scalar(&maker, "s", 0.1f);
  maker.Small("z", kUint8, {}, {3});
  maker.Node("QuantizeLinear", {"x", "s", "z"}, {"y"});
  maker.Output("y");
  EXPECT_THAT(Compute(maker.Read().value(), DoubleTensor({3}, {0.5, -7, 99})), ElementsAre(8, 0, 255));
}

TEST(Quantized, ConvIntegerIsAProductOfIntegers) {
  Maker maker;
  maker.Input("x", {-1, 1, 1, 2});
  Scalar(&maker, "s", 0.3f);
  maker.Small("z", kUint8, {}, {7});
  maker.Small("w", kUint8, {1, 1, 1, 1}, {9});
  maker.Small("wz", kUint8, {}, {12});
  maker.Node("QuantizeLinear", {"x", "s", "z"}, {"xq"});
  maker.Node("ConvInteger", {"xq", "w", "z", "wz"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(ComputeInIntegers(graph, DoubleTensor({1, 1, 1, 2}, {0.9, -0.6})), ElementsAre(-9, 6));
  EXPECT_THAT(Operators(graph), ElementsAre("Quant", "Conv", "Div"));
}

TEST(Quantized, PackedIntegersMayBeListed) {
  Maker maker(25);
  maker.Input("x", {1, 3});
  maker.Small("w", kInt4, {1, 3}, {0x7f, 0x08});      // -1, 7, -8
  maker.Small("v", kUint2, {1, 3}, {0b00'11'01'10});  // 2, 1, 3
  Scalar(&maker, "s", 0.5f);
  maker.Node("DequantizeLinear", {"w", "s"}, {"wd"});
  maker.Node("DequantizeLinear", {"v", "s"}, {"vd"});
  maker.Node("Add", {"x", "wd"}, {"h"});
  maker.Node("Add", {"h", "vd"}, {"y"});
  maker.Output("y");
  EXPECT_THAT(Compute(maker.Read().value(), DoubleTensor({1, 3}, {0, 0, 0})), ElementsAre(0.5, 4, -2.5));
  maker.model.mutable_graph()->mutable_initializer(0)->add_int32_data(0);
  EXPECT_THAT(maker.Error(), HasSubstr("initializer 'w': has 3 bytes of data; 4-bit integers [1, 3] need 2"));
}

TEST(Quantized, WidthsMustBeKnown) {
  Maker maker;
  maker.Input("x", {1});
  Scalar(&maker, "one", 1);
  AddQuant(&maker, {"x", "one", "one", "x"}, "y", false, false);
  maker.Output("y");
  EXPECT_THAT(maker.Error(), HasSubstr("bit width must be one number that is known when the file is read"));
}

}  // namespace
}  // namespace lowbit::onnx
