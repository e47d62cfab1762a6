#include "lowbit/format/onnx/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "lowbit/base/bytes.h"
#include "lowbit/base/file.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph_text.h"
#include "lowbit/format/onnx/onnx.pb.h"
#include "lowbit/format/onnx/test_maker.h"

namespace lowbit::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Maker;
using testing::Operators;
using testing::SetInt;
using testing::SetInts;

DoubleTensor Compute(const Graph& graph, const DoubleTensor& x) {
  return Evaluate(graph, {{"x", x}}).value().at(graph.outputs[0]);
}

TEST(Onnx, ReadsALayerWithItsNamesAndParameters) {
  Maker maker;
  maker.Input("x", {-1, 2});
  maker.Floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  maker.Floats("b", {3}, {10, 20, 30});
  maker.Node("Gemm", {"x", "w", "b"}, {"h"});
  maker.Node("Relu", {"h"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_EQ(graph.name, "test");
  EXPECT_EQ(graph.inputs[0].shape, (Shape{kDynamic, 2}));
  EXPECT_THAT(graph.outputs, ElementsAre("y"));
  EXPECT_EQ(graph.nodes[0].name, "Gemm_h");
  EXPECT_THAT(graph.nodes[0].inputs, ElementsAre("x", "w", "b"));
  EXPECT_THAT(graph.nodes[0].outputs, ElementsAre("h"));
  EXPECT_THAT(Compute(graph, DoubleTensor({2, 2}, {1, 1, -9, 0})).data, ElementsAre(15, 27, 39, 1, 2, 3));
}

// What PyTorch writes for x.view(x.size(0), -1), with any batch.
TEST(Onnx, ShapesThatFollowTheBatchBecomeReshapes) {
  Maker maker;
  maker.Input("x", {-1, 2, 3});
  maker.Integers("zero", {0});
  maker.Integers("axes", {0});
  maker.Integers("six", {6});
  maker.Node("Shape", {"x"}, {"s"});
  maker.Node("Gather", {"s", "zero"}, {"n"});
  maker.Node("Concat", {"n", "six"}, {"target"});
  SetInt(maker.model.mutable_graph()->mutable_node(2), "axis", 0);
  maker.Node("Reshape", {"x", "target"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Reshape"));
  EXPECT_EQ(Compute(graph, DoubleTensor({5, 2, 3})).shape, (Shape{5, 6}));
  maker.Input("unused", {3, -1});
  EXPECT_THAT(maker.Error(), HasSubstr("input 'unused': leaves dimension 1 ('N') open"));
  EXPECT_EQ(maker.Error({{{"unused", {1, 1}}}, {}}), "");
}

TEST(Onnx, WhatDependsOnTheBatchOtherwiseIsRefused) {
  Maker maker;
  maker.Input("x", {-1, 2});
  maker.Node("Size", {"x"}, {"size"});
  maker.Node("Unsqueeze", {"size"}, {"list"});
  SetInts(maker.model.mutable_graph()->mutable_node(1), "axes", {0});
  maker.Node("Expand", {"x", "list"}, {"y"});
  maker.Output("y");
  EXPECT_THAT(maker.Error(), HasSubstr("node 'Expand_y' (Expand): "));
  maker.Node("Tile", {"x", "list"}, {"z"});
}

TEST(Onnx, NamesEveryUnsupportedNodeAtOnce) {
  Maker maker;
  maker.Input("x", {1, 2});
  maker.Node("NonMaxSuppression", {"x"}, {"a"});
  maker.Node("Relu", {"x"}, {"y"});
  maker.Node("Loop", {"x"}, {"b"});
  maker.Node("Relu", {"x"}, {"c"})->set_domain("com.example");
  maker.Output("y");
  EXPECT_EQ(maker.Error(),
            "net.onnx: has 3 of 4 nodes that are not supported: 'NonMaxSuppression_a' (NonMaxSuppression), 'Loop_b' "
            "(Loop), 'Relu_c' (com.example.Relu)");
}

TEST(Onnx, ComputesConstantsAtOnce) {
  Maker maker;
  maker.Input("x", {2});
  maker.Floats("a", {2}, {1, 2});
  lowbit_onnx::Attribute* two = maker.Node("Constant", {}, {"two"})->add_attribute();
  two->set_name("value_float");
  two->set_f(2);
  maker.Node("Mul", {"a", "two"}, {"scale"});
  maker.Node("Mul", {"x", "scale"}, {"y"});
  maker.Output("y");
  maker.Output("scale");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Mul", "Identity"));
  EXPECT_THAT(Compute(graph, DoubleTensor({2}, {3, 4})).data, ElementsAre(6, 16));
}

TEST(Onnx, IntegersKeepTheirTypesArithmetic) {
  Maker maker;
  maker.Input("x", {3}, testing::kInt64);
  maker.Integers("two", {2});
  maker.Node("Div", {"x", "two"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Compute(graph, DoubleTensor({3}, {7, -7, 4})).data, ElementsAre(3, -3, 2));
}

TEST(Onnx, ReadsQonnx) {
  Maker maker;
  maker.Input("x", {2});
  maker.Floats("scale", {}, {0.5});
  maker.Floats("zero", {}, {0});
  maker.Floats("bits", {}, {4});
  maker.Node("Quant", {"x", "scale", "zero", "bits"}, {"y"})->set_domain("qonnx.custom_op.general");
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Quant"));
  EXPECT_THAT(Compute(graph, DoubleTensor({2}, {0.6, 100})).data, ElementsAre(0.5, 3.5));
}

TEST(Onnx, RefusesOtherVersions) {
  Maker maker(26);
  maker.Input("x", {1});
  maker.Node("Relu", {"x"}, {"y"});
  maker.Output("y");
  EXPECT_EQ(maker.Error(), "net.onnx: its opset is 26; expected 1 to 25");
  maker.model.mutable_opset_import(0)->set_version(13);
  EXPECT_EQ(maker.Error(), "");
  maker.model.set_ir_version(99);
  EXPECT_EQ(maker.Error(), "net.onnx: its IR version is 99; expected 3 to 13");
  maker.model.clear_opset_import();
  maker.model.set_ir_version(7);
  EXPECT_THAT(maker.Error(), HasSubstr("which opset"));
}

// A file whose nodes and tensors are bent one at a time.
class Hostile : public ::testing::Test {
 protected:
  Hostile() {
    maker_.Input("x", {-1, 2});
    weight_ = maker_.Floats("w", {2, 2}, {1, 2, 3, 4});
    matmul_ = maker_.Node("MatMul", {"x", "w"}, {"h"});
    maker_.Node("Relu", {"h"}, {"y"});
    maker_.Output("y");
    EXPECT_EQ(maker_.Error(), "");
  }
  Maker maker_;
  lowbit_onnx::Tensor* weight_;
  lowbit_onnx::Node* matmul_;
};

TEST_F(Hostile, Cycle) {
  matmul_->set_input(0, "y");
  EXPECT_THAT(maker_.Error(),
              HasSubstr("node 'MatMul_h' (MatMul): input 'y' is not there, or made only by a later node"));
}

TEST_F(Hostile, ValueMadeTwice) {
  matmul_->set_output(0, "y");
  EXPECT_THAT(maker_.Error(), HasSubstr("value 'y' is made twice"));
}

TEST_F(Hostile, WrongType) {
  weight_->set_data_type(8);
  EXPECT_THAT(maker_.Error(), HasSubstr("initializer 'w': data type 8 is not among those that are read"));
  weight_->set_data_type(7);
  EXPECT_THAT(maker_.Error(), HasSubstr("initializer 'w': has 0 values; shape [2, 2] needs 4"));
}

TEST_F(Hostile, NegativeExtent) {
  weight_->set_dims(0, -2);
  EXPECT_THAT(maker_.Error(), HasSubstr("initializer 'w': shape [-2, 2] has a negative extent"));
}

TEST_F(Hostile, ClaimsOfGigabytes) {
  weight_->set_dims(0, int64_t{1} << 50);
  EXPECT_THAT(maker_.Error(), HasSubstr("more than 2^40 elements"));
  weight_->set_dims(0, int64_t{1} << 38);
  EXPECT_THAT(maker_.Error(), HasSubstr("has 4 values; shape"));
  weight_->set_dims(0, 2);
  matmul_->set_op_type("ConstantOfShape");
  matmul_->mutable_input()->RemoveLast();
  maker_.Integers("huge", {1 << 20, 1 << 20});
  matmul_->set_input(0, "huge");
  EXPECT_THAT(maker_.Error(), HasSubstr("computes too much from constants alone"));
}

TEST_F(Hostile, OutputThatNobodyMakes) {
  maker_.Output("z");
  EXPECT_THAT(maker_.Error(), HasSubstr("output 'z': no node makes it"));
}

TEST_F(Hostile, AttributesOfWrongTypes) {
  SetInt(matmul_, "nonsense", 1);
  EXPECT_THAT(maker_.Error(), HasSubstr("node 'MatMul_h' (MatMul): unknown attribute 'nonsense'"));
}

TEST_F(Hostile, DamagedBytes) {
  const std::string bytes = maker_.Bytes();
  EXPECT_THAT(Decode({}, "net.onnx", "").error().message, HasSubstr("is no ONNX file"));
  int refused = 0;
  for (size_t length = 0; length < bytes.size(); ++length) {
    const Span<const uint8_t> part(reinterpret_cast<const uint8_t*>(bytes.data()), length);
    refused += Decode(part, "net.onnx", "").ok() ? 0 : 1;
  }
  EXPECT_EQ(refused, static_cast<int>(bytes.size()));
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    const Span<const uint8_t> all(reinterpret_cast<const uint8_t*>(flipped.data()), flipped.size());
    const Result<Graph> graph = Decode(all, "net.onnx", "");
    if (graph.ok()) continue;
    EXPECT_THAT(graph.error().message, ::testing::StartsWith("net.onnx: "));
  }
}

class External : public Hostile {
 protected:
  External() : folder_(::testing::TempDir() + "lowbit_onnx_external") {
    std::filesystem::create_directories(folder_ + "/model");
    std::vector<uint8_t> bytes;
    for (const float value : {9.0f, 1.0f, 2.0f, 3.0f, 4.0f}) AppendLittle(value, &bytes);
    EXPECT_TRUE(WriteFileAtomic(folder_ + "/model/w.bin", Span<const uint8_t>(bytes)).ok());
    EXPECT_TRUE(WriteFileAtomic(folder_ + "/secret", Span<const uint8_t>(bytes)).ok());
    weight_->clear_float_data();
    weight_->set_data_location(1);
  }
  ~External() override { std::filesystem::remove_all(folder_); }

  void Point(const std::string& location, const std::string& offset, const std::string& length) {
    weight_->clear_external_data();
    const std::pair<const char*, std::string> entries[] = {
        {"location", location}, {"offset", offset}, {"length", length}};
    for (const auto& [key, value] : entries) {
      lowbit_onnx::Entry* entry = weight_->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
  }
  std::string Problem() const { return maker_.Error({}, folder_ + "/model"); }

  std::string folder_;
};

TEST_F(External, IsReadFromTheFolder) {
  Point("w.bin", "4", "16");
  const Graph graph = maker_.Read({}, folder_ + "/model").value();
  // By columns, as Gemm has its rows.
  EXPECT_THAT(std::get<FloatTensor>(graph.parameters.at("w").value).data, ElementsAre(1, 3, 2, 4));
}

TEST_F(External, StaysInTheFolder) {
  for (const char* location : {"../secret", "/etc/hostname", "", "a/../../secret"}) {
    Point(location, "0", "16");
    EXPECT_THAT(Problem(), HasSubstr("must name a file in the model's folder")) << location;
  }
  std::filesystem::create_symlink(folder_ + "/secret", folder_ + "/model/link");
  Point("link", "0", "16");
  EXPECT_THAT(Problem(), HasSubstr("lies outside of the model's folder"));
}

TEST_F(External, ChecksOffsetsAndLengths) {
  Point("w.bin", "8", "16");
  EXPECT_THAT(Problem(), HasSubstr("bytes 8 + 16 of 'w.bin' lie beyond its 20"));
  Point("w.bin", "18446744073709551615", "16");
  EXPECT_THAT(Problem(), HasSubstr("lie beyond"));
  Point("w.bin", "-1", "16");
  EXPECT_THAT(Problem(), HasSubstr("offset '-1' is no number"));
  Point("w.bin", "4", "12");
  EXPECT_THAT(Problem(), HasSubstr("has 12 bytes of data; float32 [2, 2] needs 16"));
  Point("none.bin", "", "");
  EXPECT_THAT(Problem(), HasSubstr("location 'none.bin' is not there"));
  EXPECT_THAT(maker_.Error(), HasSubstr("there is no folder"));
}

}  // namespace
}  // namespace lowbit::onnx
