#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/testing/single_node.h"

namespace lowbit {
namespace {

using testing::Counting;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::NodeError;
using testing::Ones;
using testing::RunNode;

TEST(Gemm, GoldenValuesByHand) {
  // [1 2 3; 4 5 6] * [1 2; 3 4; 5 6] = [22 28; 49 64]
  const DoubleTensor y = RunNode("Gemm", {}, {Counting({2, 3}), Counting({3, 2})});
  EXPECT_EQ(y.shape, (Shape{2, 2}));
  EXPECT_THAT(y.data, ElementsAre(22, 28, 49, 64));
}

TEST(Gemm, TransposesEitherOperand) {
  // [1 2 3; 4 5 6]' is [1 4; 2 5; 3 6].
  const DoubleTensor b({2, 3}, {1, 3, 5, 2, 4, 6});  // [1 2; 3 4; 5 6]'
  EXPECT_THAT(RunNode("Gemm", {{"transB", int64_t{1}}}, {Counting({2, 3}), b}).data, ElementsAre(22, 28, 49, 64));
  const DoubleTensor a({3, 2}, {1, 4, 2, 5, 3, 6});
  EXPECT_THAT(RunNode("Gemm", {{"transA", int64_t{1}}}, {a, Counting({3, 2})}).data, ElementsAre(22, 28, 49, 64));
  EXPECT_THAT(RunNode("Gemm", {{"transA", int64_t{1}}, {"transB", int64_t{1}}}, {a, b}).data,
              ElementsAre(22, 28, 49, 64));
}

TEST(Gemm, ScalesAndBroadcastsTheBias) {
  const Attributes half_and_ten = {{"alpha", 0.5}, {"beta", 10.0}};
  const auto with_bias = [&](DoubleTensor bias) {
    return RunNode("Gemm", half_and_ten, {Counting({2, 3}), Counting({3, 2}), std::move(bias)}).data;
  };
  EXPECT_THAT(with_bias(DoubleTensor({2}, {1, 2})), ElementsAre(21, 34, 34.5, 52));
  EXPECT_THAT(with_bias(DoubleTensor({2, 1}, {1, 2})), ElementsAre(21, 24, 44.5, 52));
  EXPECT_THAT(with_bias(DoubleTensor({}, {1})), ElementsAre(21, 24, 34.5, 42));
}

TEST(Gemm, RejectsWhatDoesNotFit) {
  EXPECT_EQ(NodeError("Gemm", {}, {Ones({2, 3}), Ones({4, 2})}),
            "node 'node' (Gemm): weight has 4 input features; input has 3");
  EXPECT_THAT(NodeError("Gemm", {}, {Ones({2, 3, 1}), Ones({4, 2})}), HasSubstr("input 0 must be a matrix"));
  EXPECT_THAT(NodeError("Gemm", {}, {Ones({2, 3}), Ones({3, 2}), Ones({3})}), HasSubstr("bias of shape [3]"));
  // A bias may not widen the product.
  EXPECT_THAT(NodeError("Gemm", {}, {Ones({1, 3}), Ones({3, 2}), Ones({2, 2})}), HasSubstr("bias of shape [2, 2]"));
}

}  // namespace
}  // namespace lowbit
