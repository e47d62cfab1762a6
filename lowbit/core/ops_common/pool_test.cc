#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/testing/single_node.h"

namespace lowbit {
namespace {

using testing::Counting;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Ints;
using testing::NodeError;
using testing::Ones;
using testing::RunNode;
using testing::Scrambled;

// A row of pixels as an image, pooled along x only.
std::vector<double> PoolRow(const std::string& op, std::vector<double> row, int64_t kernel, int64_t stride,
                            Ints pads = {0, 0}, Attributes attributes = {}) {
  attributes["kernel_shape"] = Ints{1, kernel};
  attributes["strides"] = Ints{1, stride};
  if (pads[0] != 0 || pads[1] != 0) attributes["pads"] = Ints{0, pads[0], 0, pads[1]};
  const Shape shape = {1, 1, 1, static_cast<int64_t>(row.size())};
  return RunNode(op, std::move(attributes), {DoubleTensor(shape, std::move(row))}).data;
}

const Attributes kCeil = {{"ceil_mode", int64_t{1}}};

TEST(MaxPool, GoldenValues) {
  const DoubleTensor y =
      RunNode("MaxPool", {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}}, {Counting({1, 2, 4, 4})});
  EXPECT_EQ(y.shape, (Shape{1, 2, 2, 2}));
  EXPECT_THAT(y.data, ElementsAre(6, 8, 14, 16, 22, 24, 30, 32));
}

TEST(MaxPool, PaddingTakesNoPart) {
  EXPECT_THAT(PoolRow("MaxPool", {-5, -3, -4}, 3, 1, {1, 1}), ElementsAre(-3, -3, -3));
  EXPECT_THAT(PoolRow("MaxPool", {-5, -3, -4}, 2, 1, {1, 0}), ElementsAre(-5, -3, -3));
}

TEST(MaxPool, Dilation) {
  EXPECT_THAT(PoolRow("MaxPool", {9, 1, 2, 8, 3}, 2, 1, {0, 0}, {{"dilations", Ints{1, 2}}}), ElementsAre(9, 8, 3));
}

TEST(Pools, CeilModeAddsAWindowThatSticksOut) {
  // 6 pixels, kernel 3, stride 2: floor gives positions 0 and 2, ceil also 4, with 2 pixels.
  EXPECT_THAT(PoolRow("MaxPool", {1, 2, 3, 4, 5, 6}, 3, 2), ElementsAre(3, 5));
  EXPECT_THAT(PoolRow("MaxPool", {1, 2, 3, 4, 5, 6}, 3, 2, {0, 0}, kCeil), ElementsAre(3, 5, 6));
  EXPECT_THAT(PoolRow("AveragePool", {1, 2, 3, 4, 5, 6}, 3, 2, {0, 0}, kCeil), ElementsAre(2, 4, 5.5));
}

TEST(Pools, CeilModeDropsAWindowThatStartsBeyondTheInput) {
  // 3 pixels with one pad on each side, kernel 2, stride 2: room is 3, ceil(3 / 2) + 1 = 3 windows at -1, 1 and 3; the
  // third would start in the padding after the input.
  EXPECT_THAT(PoolRow("MaxPool", {1, 2, 3}, 2, 2, {1, 1}, kCeil), ElementsAre(1, 3));
  // 3 pixels, kernel 1, stride 3: room 2, ceil gives 2 windows at 0 and 3; the second starts beyond the input.
  EXPECT_THAT(PoolRow("MaxPool", {1, 2, 3}, 1, 3, {0, 0}, kCeil), ElementsAre(1));
}

TEST(Pools, AutoPad) {
  const Attributes upper = {{"auto_pad", std::string("SAME_UPPER")}}, lower = {{"auto_pad", std::string("SAME_LOWER")}};
  const Attributes valid = {{"auto_pad", std::string("VALID")}, {"ceil_mode", int64_t{1}}};
  EXPECT_THAT(PoolRow("MaxPool", {3, 2, 1}, 2, 1, {0, 0}, upper), ElementsAre(3, 2, 1));
  EXPECT_THAT(PoolRow("MaxPool", {3, 2, 1}, 2, 1, {0, 0}, lower), ElementsAre(3, 3, 2));
  EXPECT_THAT(PoolRow("MaxPool", {1, 2, 3, 4, 5, 6}, 3, 2, {0, 0}, valid), ElementsAre(3, 5));
}

TEST(AveragePool, CountsPixelsOrPaddingToo) {
  const Attributes include = {{"count_include_pad", int64_t{1}}};
  EXPECT_THAT(PoolRow("AveragePool", {2, 4, 6}, 3, 1, {1, 1}), ElementsAre(3, 4, 5));
  EXPECT_THAT(PoolRow("AveragePool", {3, 4, 5}, 3, 1, {1, 1}, include), ElementsAre(DoubleEq(7. / 3), 4, 3));
}

TEST(AveragePool, CountsNothingBeyondThePadding) {
  // 4 pixels, pads 1 and 1, kernel 3, stride 2: windows at -1, 1 and, with ceil_mode, 3: pixel 3, one pad, and one place
  // beyond the padding that does not count.
  const Attributes both = {{"count_include_pad", int64_t{1}}, {"ceil_mode", int64_t{1}}};
  EXPECT_THAT(PoolRow("AveragePool", {3, 6, 9, 12}, 3, 2, {1, 1}, both), ElementsAre(3, 9, 6));
  EXPECT_THAT(PoolRow("AveragePool", {3, 6, 9, 12}, 3, 2, {1, 1}, kCeil), ElementsAre(4.5, 9, 12));
}

TEST(AveragePool, EqualsTheConvolutionWithEqualWeights) {
  const DoubleTensor x = Scrambled({2, 1, 7, 6}, 9);
  DoubleTensor weight({1, 1, 2, 4});
  for (double& w : weight.data) w = 0.125;  // Exact, hence so are the sums.
  const Attributes window = {{"strides", Ints{2, 1}}, {"pads", Ints{1, 0, 0, 2}}};
  Attributes pool = window;
  pool["kernel_shape"] = Ints{2, 4};
  pool["count_include_pad"] = int64_t{1};
  const DoubleTensor pooled = RunNode("AveragePool", pool, {x}), convolved = RunNode("Conv", window, {x, weight});
  EXPECT_EQ(pooled.shape, convolved.shape);
  EXPECT_EQ(pooled.data, convolved.data);
}

TEST(Pools, RejectWhatDoesNotFit) {
  for (const std::string op : {"MaxPool", "AveragePool"}) {
    const auto error = [&](Attributes attributes) {
      attributes.emplace("kernel_shape", Ints{2, 2});
      return NodeError(op, std::move(attributes), {Ones({1, 1, 4, 4})});
    };
    EXPECT_EQ(error({}), "");
    EXPECT_THAT(error({{"kernel_shape", Ints{0, 2}}}), HasSubstr("kernel extent 0 must be in 1.."));
    EXPECT_THAT(error({{"kernel_shape", Ints{2}}}), HasSubstr("kernel must have 2 extents; it has 1"));
    EXPECT_THAT(error({{"kernel_shape", Ints{5, 5}}}), HasSubstr("larger than the padded input of 4"));
    EXPECT_THAT(error({{"strides", Ints{0, 0}}}), HasSubstr("'strides' has the entry 0"));
    EXPECT_THAT(error({{"pads", Ints{2, 0, 0, 0}}}), HasSubstr("pad of 2 must be smaller than the window of 2"));
    EXPECT_THAT(error({{"pads", Ints{0, 0, 0, 2}}}), HasSubstr("pad of 2 must be smaller"));
    EXPECT_THAT(NodeError(op, {}, {Ones({1, 1, 4, 4})}), HasSubstr("attribute 'kernel_shape' is required"));
    EXPECT_THAT(NodeError(op, {{"kernel_shape", Ints{2, 2}}}, {Ones({4, 4})}), HasSubstr("must be [N, C, H, W]"));
  }
  // 1 pixel with a pad on each side, taps 2 apart: both would lie in the padding.
  EXPECT_THAT(
      NodeError("MaxPool", {{"kernel_shape", Ints{1, 2}}, {"dilations", Ints{1, 2}}, {"pads", Ints{0, 1, 0, 1}}},
                {Ones({1, 1, 1, 1})}),
      HasSubstr("steps over the padded input"));
}

}  // namespace
}  // namespace lowbit
