// Weights with a scale for each block of a row: MatMulNBits, and DequantizeLinear since opset 21.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/evaluate.h"
#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/onnx.pb.h"
#include "lowbit/format/onnx/test_maker.h"

namespace lowbit::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Maker;
using testing::Operators;
using testing::SetInt;

constexpr int32_t kUint8 = 2, kInt8 = 3;

std::vector<double> Compute(const Graph& graph, const DoubleTensor& x) {
  return Evaluate(graph, {{"x", x}}).value().at(graph.outputs[0]).data;
}

const QTensor& LowBit(const Graph& graph, const std::string& name) {
  return std::get<QTensor>(graph.parameters.at(name).value);
}

class NBits : public ::testing::Test {
 protected:
  NBits() {
    maker_.Input("x", {-1, 20});
    std::vector<int32_t> codes(2 * 2 * 8, 0x99);  // Two rows of two blocks of 16: all 1.
    maker_.Small("w", kUint8, {2, 2, 8}, codes);
    scales_ = maker_.Floats("s", {2, 2}, {1, 1, 0.5f, 0.5f});
    node_ = maker_.Node("MatMulNBits", {"x", "w", "s"}, {"y"});
    node_->set_domain("com.microsoft");
    SetInt(node_, "K", 20);
    SetInt(node_, "N", 2);
    SetInt(node_, "bits", 4);
    SetInt(node_, "block_size", 16);
    maker_.Output("y");
  }
  Maker maker_;
  lowbit_onnx::Tensor* scales_;
  lowbit_onnx::Node* node_;
};

TEST_F(NBits, RowsOfOneScaleBecomeLowBitWeights) {
  const Graph graph = maker_.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Gemm"));
  EXPECT_TRUE(std::holds_alternative<QTensor>(graph.parameters.at(graph.nodes[0].inputs[1]).value));
  EXPECT_THAT(Compute(graph, DoubleTensor({1, 20}, std::vector<double>(20, 1))), ElementsAre(20, 10));
}

TEST_F(NBits, OfMoreDimensionsTheirRowsAreBesideEachOther) {
  lowbit_onnx::TensorType* x = maker_.model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type();
  x->mutable_shape()->add_dim()->set_dim_value(20);
  x->mutable_shape()->mutable_dim(1)->set_dim_value(3);
  const Graph graph = maker_.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Reshape", "Gemm", "Reshape"));
  EXPECT_TRUE(std::holds_alternative<QTensor>(graph.parameters.at(graph.nodes[1].inputs[1]).value));
  EXPECT_THAT(Compute(graph, DoubleTensor({1, 3, 20}, std::vector<double>(60, 1))),
              ElementsAre(20, 10, 20, 10, 20, 10));
}

TEST_F(NBits, OtherScalesBecomeFloats) {
  scales_->set_float_data(1, 2);
  EXPECT_THAT(Compute(maker_.Read().value(), DoubleTensor({1, 20}, std::vector<double>(20, 1))), ElementsAre(24, 10));
}

TEST_F(NBits, SizesThatDoNotFitAreRefused) {
  node_->mutable_attribute(0)->set_i(33);
  EXPECT_THAT(maker_.Error(), HasSubstr("weights or scales are not as many as N, K and block_size say"));
  node_->mutable_attribute(0)->set_i(int64_t{1} << 62);
  EXPECT_THAT(maker_.Error(), HasSubstr("node 'MatMulNBits_y' (MatMulNBits): "));
  node_->mutable_attribute(0)->set_i(-1);
  EXPECT_THAT(maker_.Error(),
              HasSubstr("attributes N, K, bits (2, 4 or 8) and block_size (at least 16) must be given"));
  node_->set_domain("");
  EXPECT_THAT(maker_.Error(), HasSubstr("1 of 1 nodes that are not supported"));
}

// x [1, columns of the result] + DequantizeLinear of w [4, 3] by blocks.
class Blocks : public ::testing::Test {
 protected:
  Blocks() {
    maker_.Input("x", {1, 3});
    maker_.Small("w", kInt8, {4, 3}, {1, 2, 3, 4, 5, 6, 7, -8, 9, 10, 11, 12});
  }
  void Finish(const std::vector<std::string>& inputs, int64_t axis, int64_t size) {
    lowbit_onnx::Node* node = maker_.Node("DequantizeLinear", inputs, {"wd"});
    SetInt(node, "axis", axis);
    SetInt(node, "block_size", size);
    SetInt(maker_.Node("Gemm", {"x", "wd"}, {"y"}), "transB", 1);
    maker_.Output("y");
  }
  Maker maker_ = Maker(21);
};

TEST_F(Blocks, ScalesAndZeroPointsBecomeFloats) {
  maker_.Floats("s", {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});  // The second block of a row has one weight only.
  maker_.Small("z", kInt8, {4, 2}, {0, 1, 0, 1, 0, 1, 0, 1});
  Finish({"w", "s", "z"}, -1, 2);
  const Graph graph = maker_.Read().value();
  EXPECT_THAT(std::get<FloatTensor>(graph.parameters.at("wd").value).data,
              ElementsAre(1, 2, 4, 12, 15, 20, 35, -40, 48, 70, 77, 88));
}

TEST_F(Blocks, GoAlongAnyAxis) {
  maker_.Floats("s", {2, 3}, {1, 2, 3, 4, 5, 6});
  Finish({"w", "s"}, 0, 3);
  const Graph graph = maker_.Read().value();
  EXPECT_THAT(std::get<FloatTensor>(graph.parameters.at("wd").value).data,
              ElementsAre(1, 4, 9, 4, 10, 18, 7, -16, 27, 40, 55, 72));
}

TEST_F(Blocks, OfOneScaleForEachRowAreLowBitWeights) {
  maker_.Floats("s", {4, 2}, {.5f, .5f, 2, 2, 3, 3, 1, 1});
  Finish({"w", "s"}, 1, 2);
  const Graph graph = maker_.Read().value();
  EXPECT_THAT(LowBit(graph, "wd").scales, ElementsAre(.5f, 2, 3, 1));
  EXPECT_THAT(Compute(graph, DoubleTensor({1, 3}, {1, 1, 1})), ElementsAre(3, 30, 24, 33));
}

TEST_F(Blocks, ThatDoNotFitAreRefused) {
  maker_.Floats("s", {4, 1}, {1, 2, 3, 4});
  Finish({"w", "s"}, 1, 2);
  EXPECT_THAT(maker_.Error(), HasSubstr("blocks of 2 need scales and zero points of shape [4, 2]; one has [4, 1]"));
  lowbit_onnx::Node* node = maker_.model.mutable_graph()->mutable_node(0);
  node->mutable_attribute(1)->set_i(-3);
  EXPECT_THAT(maker_.Error(), HasSubstr("'block_size' must not be negative"));
  node->mutable_attribute(1)->set_i(INT64_MAX);
  EXPECT_THAT(Dequantize(LowBit(maker_.Read().value(), "wd")).data[3], 8);  // One block: a scale for each row.
  node->set_op_type("QuantizeLinear");
  EXPECT_THAT(maker_.Error(), HasSubstr("attribute 'block_size' must be 0: only weights may have blocks"));
}

}  // namespace
}  // namespace lowbit::onnx
