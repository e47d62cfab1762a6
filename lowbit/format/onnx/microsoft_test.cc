// ONNX Runtime's own operators, beside the definitions of what they are made of.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lowbit/core/evaluate.h"
#include "lowbit/format/onnx/names.h"
#include "lowbit/format/onnx/test_maker.h"

namespace lowbit::onnx {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Maker;
using testing::Operators;
using testing::SetFloat;
using testing::SetFloats;
using testing::SetInt;
using testing::SetText;

constexpr int32_t kUint8 = 2, kInt8 = 3, kInt32 = 6;

// A file whose values lie on grids: "xs", "xz" (0.5, 10), "bs", "bz" (0.25, 0), "ys", "yz" (1, 100).
class Quantized : public Maker {
 public:
  explicit Quantized(const Shape& x) {
    Input("x", x);
    Scale("xs", 0.5f);
    Zero("xz", 10);
    Scale("bs", 0.25f);
    Zero("bz", 0);
    Scale("ys", 1);
    Zero("yz", 100);
    Node("QuantizeLinear", {"x", "xs", "xz"}, {"a"});
    Output("y");
  }

  void Scale(const std::string& name, float value) { Floats(name, {}, {value}); }
  void Zero(const std::string& name, int32_t value) { Small(name, kUint8, {}, {value}); }

  lowbit_onnx::Node* Microsoft(const std::string& op, const std::vector<std::string>& inputs,
                               const std::vector<std::string>& outputs = {"q"}) {
    lowbit_onnx::Node* node = Node(op, inputs, outputs);
    node->set_domain(kMicrosoftDomain);
    return node;
  }

  void Dequantize() { Node("DequantizeLinear", {"q", "ys", "yz"}, {"y"}); }

  std::vector<double> Answer(const Shape& shape, const std::vector<double>& x) const {
    return Evaluate(Read().value(), {{"x", {shape, x}}}).value().at("y").data;
  }
};

TEST(Microsoft, ArithmeticOfIntegersIsThatOfTheirNumbers) {
  Quantized sum({4});
  sum.Node("QuantizeLinear", {"x", "bs", "bz"}, {"b"});
  sum.Microsoft("QLinearAdd", {"a", "xs", "xz", "b", "bs", "bz", "ys", "yz"});
  sum.Dequantize();
  // 1.3 is 1.5 on the one grid and 1.25 on the other; -7 is cut to -5 and to 0; halves are rounded to even.
  EXPECT_THAT(sum.Answer({4}, {1.3, -7, 0.25, 2}), ElementsAre(3, -5, 0, 4));
  Quantized product({2});
  product.Microsoft("QLinearMul", {"a", "xs", "xz", "a", "xs", "xz", "ys", "yz"});
  product.Dequantize();
  EXPECT_THAT(product.Answer({2}, {3, -4.5}), ElementsAre(9, 20));
}

TEST(Microsoft, FunctionsOfIntegers) {
  Quantized leaky({3});
  SetFloat(leaky.Microsoft("QLinearLeakyRelu", {"a", "xs", "xz", "ys", "yz"}), "alpha", 0.5f);
  leaky.Dequantize();
  EXPECT_THAT(leaky.Answer({3}, {-4, 3, 0}), ElementsAre(-2, 3, 0));
  Quantized mean({1, 1, 2, 2});
  SetInt(mean.Microsoft("QLinearGlobalAveragePool", {"a", "xs", "xz", "ys", "yz"}), "channels_last", 0);
  mean.Dequantize();
  EXPECT_THAT(mean.Answer({1, 1, 2, 2}, {1, 2, 3, 6}), ElementsAre(3));
  Quantized last({1, 1, 2, 2});
  SetInt(last.Microsoft("QLinearGlobalAveragePool", {"a", "xs", "xz", "ys", "yz"}), "channels_last", 1);
  last.Dequantize();
  EXPECT_THAT(last.Error(), HasSubstr("'channels_last' must be 0"));
}

TEST(Microsoft, ValuesOfSeveralGridsBesideEachOther) {
  Quantized both({2});
  both.Node("QuantizeLinear", {"x", "bs", "bz"}, {"b"});
  SetInt(both.Microsoft("QLinearConcat", {"ys", "yz", "a", "xs", "xz", "b", "bs", "bz"}), "axis", 0);
  both.Dequantize();
  EXPECT_THAT(both.Answer({2}, {-3, 7}), ElementsAre(-3, 7, 0, 7));
  Quantized few({2});
  few.Microsoft("QLinearConcat", {"ys", "yz", "a", "xs"});
  few.Dequantize();
  EXPECT_THAT(few.Error(), HasSubstr("has 4 inputs; expected 2 and 3 for each value"));
}

TEST(Microsoft, QGemmHasLowBitWeightsAndABiasInTheirUnits) {
  Quantized gemm({1, 2});
  gemm.Small("w", kInt8, {3, 2}, {1, 2, -1, 0, 3, 3});
  gemm.Floats("ws", {}, {0.5f});
  gemm.Small("wz", kInt8, {}, {0});
  gemm.Small("c", kInt32, {3}, {4, 8, -4});
  SetInt(gemm.Microsoft("QGemm", {"a", "xs", "xz", "w", "ws", "wz", "c"}, {"y"}), "transB", 1);
  const Graph graph = gemm.Read().value();
  EXPECT_TRUE(std::holds_alternative<QTensor>(graph.parameters.at(graph.nodes.back().inputs[1]).value));
  // (4, 2) times 0.5 (1, 2), 0.5 (-1, 0), 0.5 (3, 3); the bias counts in 0.25.
  EXPECT_THAT(gemm.Answer({1, 2}, {4, 2}), ElementsAre(5, 0, 8));
}

TEST(Microsoft, ProductsOfIntegersAsFloats) {
  Quantized product({1, 2});
  product.Small("w", kInt8, {2, 2}, {1, 2, 3, 4});
  product.Floats("ws", {2}, {0.5f, 2});
  product.Small("wz", kInt8, {2}, {0, 0});
  product.Floats("bias", {2}, {1, -1});
  product.Microsoft("MatMulIntegerToFloat", {"a", "w", "xs", "ws", "xz", "wz", "bias"}, {"y"});
  EXPECT_THAT(product.Answer({1, 2}, {4, 2}), ElementsAre(6, 31));
  Quantized dynamic({1, 2});
  dynamic.Small("w", kInt8, {2, 2}, {1, 2, 3, 4});
  dynamic.Floats("ws", {}, {0.5f});
  dynamic.Microsoft("DynamicQuantizeMatMul", {"x", "w", "ws"}, {"y"});
  // 0 to 255 in steps of 1: 3.3 is 3.
  EXPECT_THAT(dynamic.Answer({1, 2}, {255, 3.3}), ElementsAre(132, 261));
}

// Weights lie the other way than in ONNX's LSTM, as integers.
TEST(Microsoft, DynamicQuantizeLstmIsAnLstmOfItsWeights) {
  Maker maker;
  maker.Input("x", {2, 1, 2});
  const std::vector<int32_t> codes = {130, 120, 140, 100, 90, 128, 150, 160};
  maker.Small("w", kUint8, {1, 2, 4}, codes);
  maker.Small("r", kUint8, {1, 1, 4}, {128, 140, 120, 130});
  maker.Floats("ws", {1, 4}, {0.125f, 0.25f, 0.5f, 0.0625f});
  maker.Floats("rs", {1}, {0.25f});
  maker.Small("zero", kUint8, {1, 4}, {128, 128, 128, 128});
  maker.Small("rz", kUint8, {1}, {128});
  lowbit_onnx::Node* node =
      maker.Node("DynamicQuantizeLSTM", {"x", "w", "r", "", "", "", "", "", "ws", "zero", "rs", "rz"}, {"y"});
  node->set_domain(kMicrosoftDomain);
  SetInt(node, "hidden_size", 1);
  maker.Output("y");

  Maker plain;
  plain.Input("x", {2, 1, 2});
  plain.Floats("w", {1, 4, 2}, {0.25f, -4.75f, -2, 0, 6, 11, -1.75f, 2});
  plain.Floats("r", {1, 4, 1}, {0, 3, -2, 0.5f});
  SetInt(plain.Node("LSTM", {"x", "w", "r"}, {"y"}), "hidden_size", 1);
  plain.Output("y");
  const std::map<std::string, DoubleTensor> x = {{"x", {{2, 1, 2}, {0.5, -0.25, 0.125, 1}}}};
  EXPECT_EQ(Evaluate(maker.Read().value(), x).value().at("y").data,
            Evaluate(plain.Read().value(), x).value().at("y").data);
}

TEST(Microsoft, FusedLayersAreTheirParts) {
  Maker maker;
  maker.Input("x", {1, 1, 1, 2});
  maker.Floats("w", {1, 1, 1, 1}, {2});
  maker.Floats("b", {1}, {-3});
  lowbit_onnx::Node* conv = maker.Node("FusedConv", {"x", "w", "b", "x"}, {"c"});
  conv->set_domain(kMicrosoftDomain);
  SetText(conv, "activation", "Clip");
  SetFloats(conv, "activation_params", {-1, 4});
  maker.Integers("flat", {1, 2});
  maker.Node("Reshape", {"c", "flat"}, {"f"});
  maker.Floats("m", {2, 2}, {1, 0, 1, 1});
  lowbit_onnx::Node* gemm = maker.Node("FusedGemm", {"f", "m"}, {"y"});
  gemm->set_domain(kMicrosoftDomain);
  SetText(gemm, "activation", "LeakyRelu");
  SetFloat(gemm, "activation_alpha", 0.5f);
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Conv", "Add", "Clip", "Reshape", "Gemm", "LeakyRelu"));
  // 3 x - 3 in [-1, 4]: -1 and 4.
  EXPECT_THAT(Evaluate(graph, {{"x", {{1, 1, 1, 2}, {0, 3}}}}).value().at("y").data, ElementsAre(3, 4));
  SetText(conv, "activation", "Softsign");
  EXPECT_THAT(maker.Error(), HasSubstr("attribute 'activation' is 'Softsign', which is not supported"));
}

TEST(Microsoft, FusedMatMulTurnsAndScales) {
  Maker maker;
  maker.Input("x", {1, 2});
  lowbit_onnx::Node* node = maker.Node("FusedMatMul", {"x", "x"}, {"y"});
  node->set_domain(kMicrosoftDomain);
  SetInt(node, "transB", 1);
  SetFloat(node, "alpha", 0.5f);
  maker.Output("y");
  EXPECT_THAT(Evaluate(maker.Read().value(), {{"x", {{1, 2}, {3, 4}}}}).value().at("y").data, ElementsAre(12.5));
  SetInt(node, "transBatchA", 1);
  EXPECT_THAT(maker.Error(), HasSubstr("'transBatchA' must be 0"));
}

TEST(Microsoft, PartsOfTransformers) {
  Maker maker;
  maker.Input("x", {1, 2});
  maker.Floats("b", {2}, {1, 0});
  maker.Floats("g", {2}, {1, 2});
  maker.Node("BiasGelu", {"x", "b"}, {"gelu"})->set_domain(kMicrosoftDomain);
  maker.Node("QuickGelu", {"x"}, {"quick"})->set_domain(kMicrosoftDomain);
  maker.Node("SkipLayerNormalization", {"x", "x", "g", "b"}, {"norm", "", "", "sum"})->set_domain(kMicrosoftDomain);
  for (const char* output : {"gelu", "quick", "norm", "sum"}) maker.Output(output);
  auto y = Evaluate(maker.Read().value(), {{"x", {{1, 2}, {1, 3}}}}).value();
  EXPECT_NEAR(y.at("gelu").data[0], 2 * 0.5 * (1 + std::erf(2 / std::sqrt(2))), 1e-9);
  EXPECT_NEAR(y.at("quick").data[1], 3 / (1 + std::exp(-1.702 * 3)), 1e-7);
  EXPECT_THAT(y.at("sum").data, ElementsAre(2, 6));
  EXPECT_THAT(y.at("norm").data, ElementsAre(DoubleNear(0, 1e-9), DoubleNear(2, 1e-9)));
}

TEST(Microsoft, TheirNamesAreNotONNXs) {
  Quantized plain({2});
  plain.Node("QLinearAdd", {"a", "xs", "xz", "a", "xs", "xz", "ys", "yz"}, {"q"});
  plain.Dequantize();
  EXPECT_THAT(plain.Error(), HasSubstr("'QLinearAdd_q' (QLinearAdd)"));
  Quantized other({2});
  other.Microsoft("Attention", {"a"});
  other.Dequantize();
  EXPECT_THAT(other.Error(), HasSubstr("(com.microsoft.Attention)"));
}

}  // namespace
}  // namespace lowbit::onnx
