#include "lowbit/compress/integer_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowbit::compress {
namespace {

using ::testing::ElementsAre;

TEST(RoundToIntegers, EachRowHasItsScale) {
  const QTensor tensor = RoundToIntegers(FloatTensor({2, 3}, {-7, 3.4f, 0, 70, -35, 15}), 4);
  EXPECT_EQ(tensor.values, ValueSet::Affine(4, 8));
  EXPECT_THAT(tensor.scales, ElementsAre(1, 10));
  EXPECT_THAT(tensor.codes, ElementsAre(1, 11, 8, 15, 4, 10));  // -7, 3, 0; 7, -4 (-3.5 to even), 2 (1.5 to even)
  EXPECT_TRUE(Validate(tensor).ok());
}

TEST(RoundToIntegers, ARowOfZerosStaysZero) {
  const QTensor tensor = RoundToIntegers(FloatTensor({1, 2}, {0, 0}), 8);
  EXPECT_THAT(tensor.scales, ElementsAre(1));
  EXPECT_THAT(Dequantize(tensor).data, ElementsAre(0, 0));
}

TEST(RoundToIntegers, ARowTooSmallForAScaleBecomesZero) {
  const QTensor tensor = RoundToIntegers(FloatTensor({1, 2}, {1e-44f, -1e-44f}), 8);
  EXPECT_THAT(tensor.scales, ElementsAre(1));
  EXPECT_THAT(Dequantize(tensor).data, ElementsAre(0, 0));
}

TEST(RoundProductWeights, LeavesWhatIsLowBitOrNoProduct) {
  Graph graph;
  graph.inputs = {{"x", {kDynamic, 2}}};
  graph.outputs = {"z"};
  graph.parameters["w"].value = FloatTensor({2, 2}, {1, 2, 3, 4});
  graph.parameters["v"].value = QTensor{{2, 2}, ValueSet::Ternary(), {0, 1, 2, 1}, {.5f}};
  graph.parameters["s"].value = FloatTensor({2}, {1, 2});
  graph.nodes = {{"one", "Gemm", {"x", "w"}, {"y"}, {{"transB", int64_t{1}}}},
                 {"two", "Gemm", {"y", "v"}, {"u"}, {{"transB", int64_t{1}}}},
                 {"three", "Mul", {"u", "s"}, {"z"}, {}}};
  const Graph rounded = RoundProductWeights(graph, 8);
  EXPECT_EQ(std::get<QTensor>(rounded.parameters.at("w").value).values, ValueSet::Affine(8, 128));
  EXPECT_EQ(std::get<QTensor>(rounded.parameters.at("v").value).values, ValueSet::Ternary());
  EXPECT_TRUE(std::holds_alternative<FloatTensor>(rounded.parameters.at("s").value));
}

TEST(RoundWeightsAlone, SaysWhatItCannotDo) {
  Graph graph;
  graph.name = "net";
  graph.inputs = {{"x", {kDynamic, 2}}};
  graph.outputs = {"y"};
  graph.parameters["w"].value = FloatTensor({2, 2}, {1, 2, 3, 4});
  graph.nodes = {{"one", "Gemm", {"x", "w"}, {"y"}, {{"transB", int64_t{1}}}}};
  const Result<Graph> rounded = RoundWeightsAlone(graph, 3);
  ASSERT_TRUE(rounded.ok());
  EXPECT_EQ(std::get<QTensor>(rounded.value().parameters.at("w").value).values, ValueSet::Affine(3, 4));
  EXPECT_EQ(RoundWeightsAlone(graph, 1).error().message, "weights alone are rounded to 2..8 bits; asked for are 1");
  EXPECT_EQ(RoundWeightsAlone(rounded.value(), 3).error().message,
            "network 'net' has no Conv, Gemm or recurrent layer with float weights");
}

}  // namespace
}  // namespace lowbit::compress
