#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/testing/single_node.h"

namespace lowbit {
namespace {

using testing::Counting;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Ints;
using testing::NodeError;
using testing::Ones;
using testing::RunNode;
using testing::Scrambled;

double At(const DoubleTensor& t, int64_t a, int64_t b, int64_t c, int64_t d) {
  return t.data[static_cast<size_t>(((a * t.shape[1] + b) * t.shape[2] + c) * t.shape[3] + d)];
}

DoubleTensor Pad(const DoubleTensor& x, int64_t top, int64_t left, int64_t bottom, int64_t right) {
  DoubleTensor y({x.shape[0], x.shape[1], x.shape[2] + top + bottom, x.shape[3] + left + right});
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    for (int64_t c = 0; c < x.shape[1]; ++c) {
      for (int64_t h = 0; h < x.shape[2]; ++h) {
        for (int64_t w = 0; w < x.shape[3]; ++w) {
          const int64_t index = ((n * y.shape[1] + c) * y.shape[2] + h + top) * y.shape[3] + w + left;
          y.data[static_cast<size_t>(index)] = At(x, n, c, h, w);
        }
      }
    }
  }
  return y;
}

// Dilation made explicit: zeros between the taps.
DoubleTensor Spread(const DoubleTensor& weight, int64_t dy, int64_t dx) {
  DoubleTensor wide({weight.shape[0], weight.shape[1], (weight.shape[2] - 1) * dy + 1, (weight.shape[3] - 1) * dx + 1});
  for (int64_t m = 0; m < weight.shape[0]; ++m) {
    for (int64_t c = 0; c < weight.shape[1]; ++c) {
      for (int64_t h = 0; h < weight.shape[2]; ++h) {
        for (int64_t w = 0; w < weight.shape[3]; ++w) {
          const int64_t index = ((m * wide.shape[1] + c) * wide.shape[2] + h * dy) * wide.shape[3] + w * dx;
          wide.data[static_cast<size_t>(index)] = At(weight, m, c, h, w);
        }
      }
    }
  }
  return wide;
}

// Groups made explicit: a block-diagonal weight over all channels.
DoubleTensor BlockDiagonal(const DoubleTensor& weight, int64_t group) {
  const int64_t channels = weight.shape[1], outputs_per_group = weight.shape[0] / group;
  DoubleTensor full({weight.shape[0], channels * group, weight.shape[2], weight.shape[3]});
  for (int64_t m = 0; m < weight.shape[0]; ++m) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t h = 0; h < weight.shape[2]; ++h) {
        for (int64_t w = 0; w < weight.shape[3]; ++w) {
          const int64_t channel = m / outputs_per_group * channels + c;
          const int64_t index = ((m * full.shape[1] + channel) * full.shape[2] + h) * full.shape[3] + w;
          full.data[static_cast<size_t>(index)] = At(weight, m, c, h, w);
        }
      }
    }
  }
  return full;
}

// Correlation without padding, groups or dilation: the textbook definition.
DoubleTensor Correlate(const DoubleTensor& x, const DoubleTensor& weight, int64_t sy, int64_t sx) {
  DoubleTensor y(
      {x.shape[0], weight.shape[0], (x.shape[2] - weight.shape[2]) / sy + 1, (x.shape[3] - weight.shape[3]) / sx + 1});
  size_t i = 0;
  for (int64_t n = 0; n < y.shape[0]; ++n) {
    for (int64_t m = 0; m < y.shape[1]; ++m) {
      for (int64_t oy = 0; oy < y.shape[2]; ++oy) {
        for (int64_t ox = 0; ox < y.shape[3]; ++ox, ++i) {
          for (int64_t c = 0; c < weight.shape[1]; ++c) {
            for (int64_t h = 0; h < weight.shape[2]; ++h) {
              for (int64_t w = 0; w < weight.shape[3]; ++w) {
                y.data[i] += At(x, n, c, oy * sy + h, ox * sx + w) * At(weight, m, c, h, w);
              }
            }
          }
        }
      }
    }
  }
  return y;
}

TEST(Conv, GoldenValuesByHand) {
  // 1 2 3
  // 4 5 6  with the kernel  1 2  : 1*1 + 2*2 + 4*3 + 5*4 = 37 at the upper left.
  // 7 8 9                   3 4
  const DoubleTensor y = RunNode("Conv", {}, {Counting({1, 1, 3, 3}), Counting({1, 1, 2, 2})});
  EXPECT_EQ(y.shape, (Shape{1, 1, 2, 2}));
  EXPECT_THAT(y.data, ElementsAre(37, 47, 67, 77));
}

TEST(Conv, AddsTheBiasOfEachOutputChannel) {
  const DoubleTensor y = RunNode("Conv", {}, {Counting({1, 1, 1, 2}), Ones({2, 1, 1, 1}), DoubleTensor({2}, {10, 20})});
  EXPECT_THAT(y.data, ElementsAre(11, 12, 21, 22));
}

struct ConvCase {
  Shape input, weight;
  Ints strides, pads, dilations;
  int64_t group;
};

class ConvAgainstDefinition : public ::testing::TestWithParam<ConvCase> {};

TEST_P(ConvAgainstDefinition, Equals) {
  const ConvCase& c = GetParam();
  const DoubleTensor x = Scrambled(c.input, 1), weight = Scrambled(c.weight, 2);
  const DoubleTensor expected =
      Correlate(Pad(x, c.pads[0], c.pads[1], c.pads[2], c.pads[3]),
                BlockDiagonal(Spread(weight, c.dilations[0], c.dilations[1]), c.group), c.strides[0], c.strides[1]);
  const DoubleTensor y = RunNode(
      "Conv", {{"strides", c.strides}, {"pads", c.pads}, {"dilations", c.dilations}, {"group", c.group}}, {x, weight});
  EXPECT_EQ(y.shape, expected.shape);
  EXPECT_EQ(y.data, expected.data);  // Small integers: sums are exact in any order.
}

INSTANTIATE_TEST_SUITE_P(Geometries, ConvAgainstDefinition,
                         ::testing::Values(ConvCase{{2, 3, 5, 6}, {4, 3, 3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1},
                                           ConvCase{{1, 2, 7, 5}, {3, 2, 3, 2}, {2, 3}, {0, 1, 2, 3}, {1, 1}, 1},
                                           ConvCase{{1, 2, 9, 8}, {2, 2, 3, 3}, {1, 2}, {2, 0, 1, 3}, {2, 3}, 1},
                                           ConvCase{{2, 6, 4, 4}, {4, 3, 3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 2},
                                           ConvCase{{1, 4, 5, 5}, {8, 1, 3, 3}, {2, 2}, {1, 0, 1, 0}, {1, 2}, 4},
                                           ConvCase{{3, 5, 1, 1}, {2, 5, 1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1}, 1},
                                           ConvCase{{1, 1, 2, 2}, {1, 1, 1, 1}, {1, 1}, {3, 3, 3, 3}, {1, 1}, 1}));

TEST(Conv, AutoPadSamePutsTheOddPixelAtTheEndOrTheBegin) {
  // 1-pixel-high rows, kernel 2, stride 1: one pad in all.
  const DoubleTensor x = Counting({1, 1, 1, 3}), weight({1, 1, 1, 2}, {1, 10});
  EXPECT_THAT(RunNode("Conv", {{"auto_pad", std::string("SAME_UPPER")}}, {x, weight}).data, ElementsAre(21, 32, 3));
  EXPECT_THAT(RunNode("Conv", {{"auto_pad", std::string("SAME_LOWER")}}, {x, weight}).data, ElementsAre(10, 21, 32));
  EXPECT_THAT(RunNode("Conv", {{"auto_pad", std::string("VALID")}}, {x, weight}).data, ElementsAre(21, 32));
}

TEST(Conv, AutoPadSameGivesTheInputByTheStrideRoundedUp) {
  // 7 pixels, stride 2: 4 outputs, which need (4 - 1) * 2 + 3 - 7 = 2 pads, one at each side.
  const DoubleTensor y = RunNode("Conv", {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Ints{1, 2}}},
                                 {Counting({1, 1, 1, 7}), Ones({1, 1, 1, 3})});
  EXPECT_THAT(y.data, ElementsAre(3, 9, 15, 13));
}

TEST(Conv, RejectsWhatDoesNotFit) {
  const DoubleTensor x = Ones({1, 4, 5, 5}), weight = Ones({6, 4, 3, 3});
  const auto error = [&](Attributes attributes) { return NodeError("Conv", std::move(attributes), {x, weight}); };
  EXPECT_EQ(error({}), "");
  EXPECT_EQ(NodeError("Conv", {}, {x, Ones({6, 3, 3, 3})}),
            "node 'node' (Conv): weight has 3 input channels; input has 4");
  EXPECT_THAT(NodeError("Conv", {{"group", int64_t{2}}}, {x, Ones({6, 3, 3, 3})}),
              HasSubstr("weight has 3 input channels for each group; input has 2"));
  EXPECT_THAT(error({{"group", int64_t{0}}}), HasSubstr("group 0 must divide"));
  EXPECT_THAT(error({{"group", int64_t{3}}}), HasSubstr("group 3 must divide the 4 input channels"));
  EXPECT_THAT(NodeError("Conv", {{"group", int64_t{4}}}, {x, Ones({6, 1, 3, 3})}), HasSubstr("6 output channels"));
  EXPECT_THAT(error({{"strides", Ints{0, 1}}}), HasSubstr("'strides' has the entry 0; each must be in 1.."));
  EXPECT_THAT(error({{"dilations", Ints{1, 0}}}), HasSubstr("'dilations' has the entry 0"));
  EXPECT_THAT(error({{"pads", Ints{0, 0, -1, 0}}}), HasSubstr("'pads' has the entry -1; each must be in 0.."));
  EXPECT_THAT(error({{"pads", Ints{1, 1}}}), HasSubstr("'pads' has 2 entries; expected 4"));
  EXPECT_THAT(error({{"strides", Ints{int64_t{1} << 62, 1}}}), HasSubstr("each must be in 1.."));
  EXPECT_THAT(error({{"dilations", Ints{3, 1}}}), HasSubstr("window of 7 pixels is larger than the padded input of 5"));
  EXPECT_THAT(error({{"kernel_shape", Ints{3, 5}}}), HasSubstr("'kernel_shape' differs"));
  EXPECT_THAT(error({{"auto_pad", std::string("SAME")}}), HasSubstr("unknown auto_pad 'SAME'; did you mean 'VALID'"));
  EXPECT_THAT(error({{"auto_pad", std::string("VALID")}, {"pads", Ints{1, 1, 1, 1}}}), HasSubstr("together"));
  EXPECT_THAT(NodeError("Conv", {}, {Ones({4, 5, 5}), weight}), HasSubstr("input must be [N, C, H, W]"));
  EXPECT_THAT(NodeError("Conv", {}, {x, Ones({6, 4, 3})}), HasSubstr("weight must be [output channels"));
  EXPECT_THAT(NodeError("Conv", {}, {x, weight, Ones({4})}), HasSubstr("bias must be [6]"));
}

}  // namespace
}  // namespace lowbit
