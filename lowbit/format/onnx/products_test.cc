// Products with weights are Gemm with a row of them for each output, which can be quantized.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "lowbit/core/evaluate.h"
#include "lowbit/format/onnx/test_maker.h"

namespace lowbit::onnx {
namespace {

using ::testing::ElementsAre;
using testing::Maker;
using testing::Operators;

// y = x w, of weights [3, 2]: 1 to 6.
Maker Product(const Shape& x) {
  Maker maker;
  maker.Input("x", x);
  maker.Floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  maker.Node("MatMul", {"x", "w"}, {"y"})->set_name("dense");
  maker.Output("y");
  return maker;
}

DoubleTensor Counted(const Shape& shape) {
  DoubleTensor x(shape);
  std::iota(x.data.begin(), x.data.end(), 1);
  return x;
}

// Row r of x is 3r + 1, 3r + 2, 3r + 3.
void ExpectProduct(const Graph& graph, const Shape& x, const Shape& y) {
  const DoubleTensor found = Evaluate(graph, {{"x", Counted(x)}}).value().at("y");
  EXPECT_EQ(found.shape, y);
  for (size_t i = 0; i < found.data.size(); ++i) {
    const double row = 3 * static_cast<double>(i / 2), column = static_cast<double>(i % 2);
    const double expected = (row + 1) * (1 + column) + (row + 2) * (3 + column) + (row + 3) * (5 + column);
    EXPECT_EQ(found.data[i], expected) << i;
  }
}

TEST(OnnxProducts, OfTwoDimensionsAreGemm) {
  const Graph graph = Product({-1, 3}).Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Gemm"));
  EXPECT_EQ(graph.nodes[0].name, "dense");
  EXPECT_EQ(std::get<FloatTensor>(graph.parameters.at("w").value).shape, (Shape{2, 3}));
  ExpectProduct(graph, {4, 3}, {4, 2});
}

TEST(OnnxProducts, OfMoreHaveTheirRowsBesideEachOther) {
  for (const Shape& open : {Shape{-1, 5, 3}, Shape{2, 5, 3}, Shape{-1, 2, 5, 3}}) {
    const Graph graph = Product(open).Read().value();
    EXPECT_THAT(Operators(graph), ElementsAre("Reshape", "Gemm", "Reshape"));
    EXPECT_EQ(graph.nodes[1].name, "dense");
    EXPECT_THAT(graph.outputs, ElementsAre("y"));
    Shape x = open;
    if (x[0] < 0) x[0] = 4;
    Shape y = x;
    y.back() = 2;
    ExpectProduct(graph, x, y);
  }
}

TEST(OnnxProducts, WeightsOfSeveralAreStoredOnce) {
  Maker maker = Product({-1, 3});
  maker.Node("Neg", {"x"}, {"n"});
  maker.Node("MatMul", {"n", "w"}, {"z"});
  maker.Output("z");
  const Graph graph = maker.Read().value();
  EXPECT_EQ(graph.parameters.size(), 1u);
  EXPECT_THAT(Evaluate(graph, {{"x", {{1, 3}, {1, 1, 1}}}}).value().at("z").data, ElementsAre(-9, -12));
}

TEST(OnnxProducts, OthersStayMatMul) {
  Maker left;
  left.Input("x", {3, 4});
  left.Floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  left.Node("MatMul", {"w", "x"}, {"y"});
  left.Output("y");
  EXPECT_THAT(Operators(left.Read().value()), ElementsAre("MatMul"));

  EXPECT_THAT(Operators(Product({3}).Read().value()), ElementsAre("MatMul"));
}

TEST(OnnxProducts, TheBatchMayStandInAnotherPlace) {
  Maker maker;
  maker.Input("x", {-1, 5, 3});
  maker.Floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  testing::SetInts(maker.Node("Transpose", {"x"}, {"t"}), "perm", {1, 0, 2});
  maker.Node("MatMul", {"t", "w"}, {"m"});
  testing::SetInts(maker.Node("Transpose", {"m"}, {"y"}), "perm", {1, 0, 2});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Transpose", "Reshape", "Gemm", "Reshape", "Transpose"));
  ExpectProduct(graph, {4, 5, 3}, {4, 5, 2});
}

TEST(OnnxProducts, GemmHasItsWeightsTurned) {
  Maker maker;
  maker.Input("x", {-1, 3});
  maker.Floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  maker.Floats("c", {2}, {0, 0});
  maker.Node("Gemm", {"x", "w", "c"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_EQ(IntAttribute(graph.nodes[0], "transB", 0), 1);
  EXPECT_EQ(std::get<FloatTensor>(graph.parameters.at("w").value).shape, (Shape{2, 3}));
  ExpectProduct(graph, {4, 3}, {4, 2});
}

TEST(OnnxProducts, GemmOfComputedWeightsStays) {
  Maker maker;
  maker.Input("x", {3, 3});
  maker.Node("Gemm", {"x", "x"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_EQ(IntAttribute(graph.nodes[0], "transB", 0), 0);
}

}  // namespace
}  // namespace lowbit::onnx
