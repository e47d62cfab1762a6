// Golden values of the small operators, worked out by hand from ONNX's definitions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "lowbit/core/level_grid.h"
#include "lowbit/core/testing/single_node.h"

namespace lowbit {
namespace {

using testing::Counting;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Int64s;
using testing::Ints;
using testing::NodeError;
using testing::Ones;
using testing::Operand;
using ::testing::Pointwise;
using testing::RunNode;
using testing::Scrambled;

DoubleTensor Row(std::vector<double> values) {
  const Shape shape = {static_cast<int64_t>(values.size())};
  return DoubleTensor(shape, std::move(values));
}

FloatTensor FloatScalar(float value) { return FloatTensor({}, {value}); }

std::vector<double> Unary(const std::string& op, std::vector<double> values, Attributes attributes = {}) {
  return RunNode(op, std::move(attributes), {Row(std::move(values))}).data;
}

TEST(Unary, GoldenValues) {
  EXPECT_THAT(Unary("Identity", {-1, 2}), ElementsAre(-1, 2));
  EXPECT_THAT(Unary("Relu", {-2, 0, 3}), ElementsAre(0, 0, 3));
  EXPECT_THAT(Unary("LeakyRelu", {-2, 3}), ElementsAre(DoubleEq(-0.02), 3));
  EXPECT_THAT(Unary("LeakyRelu", {-2, 3}, {{"alpha", 0.25}}), ElementsAre(-0.5, 3));
  EXPECT_THAT(Unary("Sign", {-2, -0.0, 0, 7}), ElementsAre(-1, 0, 0, 1));
  EXPECT_THAT(Unary("Sigmoid", {0, std::log(3.0), -1000}), ElementsAre(0.5, DoubleEq(0.75), 0));
  EXPECT_THAT(Unary("Tanh", {0, std::log(3.0)}), ElementsAre(0, DoubleEq(0.8)));  // (3 - 1/3) / (3 + 1/3)
  EXPECT_THAT(Unary("HardSigmoid", {-3, 0, 1, 9}), ElementsAre(0, 0.5, DoubleEq(0.7), 1));
  EXPECT_THAT(Unary("HardSigmoid", {-1, 1}, {{"alpha", 0.5}, {"beta", 0.25}}), ElementsAre(0, 0.75));
  EXPECT_THAT(Unary("HardSwish", {-3, -1.5, 0, 3, 5}), ElementsAre(0, -0.375, 0, 3, 5));
}

TEST(Binary, GoldenValues) {
  const auto run = [](const std::string& op) { return RunNode(op, {}, {Row({6, -8}), Row({3, 2})}).data; };
  EXPECT_THAT(run("Add"), ElementsAre(9, -6));
  EXPECT_THAT(run("Sub"), ElementsAre(3, -10));
  EXPECT_THAT(run("Mul"), ElementsAre(18, -16));
  EXPECT_THAT(run("Div"), ElementsAre(2, -4));
}

TEST(Binary, BroadcastsLikeNumpy) {
  const auto add = [](DoubleTensor a, DoubleTensor b) { return RunNode("Add", {}, {std::move(a), std::move(b)}); };
  // A column and a row: [[10], [20]] + [1, 2, 3].
  const DoubleTensor table = add(DoubleTensor({2, 1}, {10, 20}), Row({1, 2, 3}));
  EXPECT_EQ(table.shape, (Shape{2, 3}));
  EXPECT_THAT(table.data, ElementsAre(11, 12, 13, 21, 22, 23));
  // A scalar, on either side.
  EXPECT_THAT(add(DoubleTensor({}, {5}), Row({1, 2})).data, ElementsAre(6, 7));
  EXPECT_THAT(add(Row({1, 2}), DoubleTensor({}, {5})).data, ElementsAre(6, 7));
  // One value for each channel of an image: [1, 2, 1, 2] + [2, 1, 1].
  EXPECT_THAT(add(Counting({1, 2, 1, 2}), DoubleTensor({2, 1, 1}, {10, 20})).data, ElementsAre(11, 12, 23, 24));
  EXPECT_EQ(NodeError("Add", {}, {Ones({2, 3}), Ones({2})}),
            "node 'node' (Add): shapes [2, 3] and [2] do not broadcast");
}

TEST(PRelu, TakesOneSlopeForEachChannel) {
  const DoubleTensor x({1, 2, 1, 2}, {-1, 2, -4, 8});
  EXPECT_THAT(RunNode("PRelu", {}, {x, DoubleTensor({2, 1, 1}, {0.5, 0.25})}).data, ElementsAre(-0.5, 2, -1, 8));
  EXPECT_THAT(RunNode("PRelu", {}, {x, DoubleTensor({}, {2})}).data, ElementsAre(-2, 2, -8, 8));
  EXPECT_THAT(NodeError("PRelu", {}, {Ones({1, 2}), Ones({3, 1, 2})}), HasSubstr("slope of shape [3, 1, 2]"));
}

TEST(Clip, LimitsAreOptional) {
  const DoubleTensor x = Row({-5, 0, 5});
  EXPECT_THAT(RunNode("Clip", {}, {x, FloatScalar(-1), FloatScalar(2)}).data, ElementsAre(-1, 0, 2));
  EXPECT_THAT(RunNode("Clip", {}, {x, Operand(), FloatScalar(2)}).data, ElementsAre(-5, 0, 2));
  EXPECT_THAT(RunNode("Clip", {}, {x, FloatScalar(-1)}).data, ElementsAre(-1, 0, 5));
  EXPECT_THAT(RunNode("Clip", {}, {x}).data, ElementsAre(-5, 0, 5));
  EXPECT_THAT(RunNode("Clip", {}, {x, FloatScalar(2), FloatScalar(1)}).data, ElementsAre(1, 1, 1));
  EXPECT_THAT(NodeError("Clip", {}, {x, Ones({2})}), HasSubstr("min must be one value"));
}

TEST(BatchNormalization, GoldenValues) {
  // Channel 0: (x - 1) / sqrt(3 + 1) * 2 + 10; channel 1: (x - 0) / sqrt(8 + 1) * 3 - 1.
  const DoubleTensor y = RunNode(
      "BatchNormalization", {{"epsilon", 1.0}, {"momentum", 0.5}},
      {DoubleTensor({1, 2, 1, 2}, {1, 5, 9, -9}), Row({2, 3}), Row({10, -1}), Row({1, 0}), FloatTensor({2}, {3, 8})});
  EXPECT_THAT(y.data, ElementsAre(10, 14, 8, -10));
}

TEST(BatchNormalization, NormalizesTheColumnsOfAMatrix) {
  const DoubleTensor y =
      RunNode("BatchNormalization", {{"epsilon", 1.0}},
              {DoubleTensor({2, 2}, {2, 4, 6, 8}), Ones({2}), Row({0, 100}), Row({2, 4}), FloatTensor({2}, {3, 0})});
  EXPECT_THAT(y.data, ElementsAre(0, 100, 2, 104));
}

TEST(BatchNormalization, RejectsWhatDoesNotFit) {
  const auto error = [](Attributes attributes, Shape scale, float variance) {
    return NodeError("BatchNormalization", std::move(attributes),
                     {Ones({2, 3}), Ones(scale), Ones({3}), Ones({3}), FloatTensor({3}, {1, variance, 1})});
  };
  EXPECT_EQ(error({}, {3}, 1), "");
  EXPECT_THAT(error({}, {2}, 1), HasSubstr("scale must be [3], one for each channel; it has shape [2]"));
  EXPECT_THAT(error({}, {3}, -1), HasSubstr("variance must not be negative"));
  EXPECT_THAT(error({{"epsilon", 0.0}}, {3}, 1), HasSubstr("'epsilon' must be above 0"));
  EXPECT_THAT(error({{"training_mode", int64_t{1}}}, {3}, 1), HasSubstr("'training_mode' must be 0"));
}

TEST(GlobalAveragePool, IsTheMeanOfEachPlane) {
  const DoubleTensor y = RunNode("GlobalAveragePool", {}, {Counting({2, 2, 1, 3})});
  EXPECT_EQ(y.shape, (Shape{2, 2, 1, 1}));
  EXPECT_THAT(y.data, ElementsAre(2, 5, 8, 11));
  EXPECT_THAT(NodeError("GlobalAveragePool", {}, {Ones({2, 3})}), HasSubstr("input must be [N, C, H, W]"));
}

TEST(Flatten, SplitsAtTheAxis) {
  const auto shape = [](int64_t axis) { return RunNode("Flatten", {{"axis", axis}}, {Counting({2, 3, 4})}).shape; };
  EXPECT_EQ(RunNode("Flatten", {}, {Counting({2, 3, 4})}).shape, (Shape{2, 12}));
  EXPECT_EQ(shape(0), (Shape{1, 24}));
  EXPECT_EQ(shape(2), (Shape{6, 4}));
  EXPECT_EQ(shape(3), (Shape{24, 1}));
  EXPECT_EQ(shape(-1), (Shape{6, 4}));
  EXPECT_EQ(RunNode("Flatten", {}, {Counting({2, 2})}).data, Counting({4}).data);
  EXPECT_THAT(NodeError("Flatten", {{"axis", int64_t{4}}}, {Ones({2, 3, 4})}), HasSubstr("axis 4 must be in -3..3"));
}

TEST(Reshape, CopiesAndInfersExtents) {
  const auto shape = [](Ints requested) {
    return RunNode("Reshape", {}, {Counting({2, 3, 4}), Int64s(std::move(requested))}).shape;
  };
  EXPECT_EQ(shape({4, 6}), (Shape{4, 6}));
  EXPECT_EQ(shape({0, -1}), (Shape{2, 12}));
  EXPECT_EQ(shape({-1, 0, 2}), (Shape{4, 3, 2}));
  EXPECT_EQ(shape({1, 1, 24, 1}), (Shape{1, 1, 24, 1}));
}

TEST(Reshape, RejectsWhatDoesNotFit) {
  const auto error = [](Ints requested, Attributes attributes = {}) {
    return NodeError("Reshape", std::move(attributes), {Ones({2, 3, 4}), Int64s(std::move(requested))});
  };
  EXPECT_THAT(error({5, 5}), HasSubstr("cannot give [2, 3, 4] the shape [5, 5]"));
  EXPECT_THAT(error({5, -1}), HasSubstr("cannot give"));
  EXPECT_THAT(error({-2, 12}), HasSubstr("cannot give"));
  EXPECT_THAT(error({-1, -1}), HasSubstr("more than one -1"));
  EXPECT_THAT(error({2, 3, 4, 0}), HasSubstr("copies an extent that the input lacks"));
  EXPECT_THAT(error({0, 12}, {{"allowzero", int64_t{1}}}), HasSubstr("cannot give"));
  EXPECT_THAT(error({int64_t{1} << 62, int64_t{1} << 62}), HasSubstr("cannot give"));
  EXPECT_THAT(NodeError("Reshape", {}, {Ones({4}), Int64Tensor({1, 1}, {4})}), HasSubstr("must be a list of integers"));
  EXPECT_THAT(NodeError("Reshape", {}, {Ones({4}), Ones({1})}), HasSubstr("input 'in1' must be an int64 parameter"));
}

TEST(Transpose, PermutesDimensions) {
  const DoubleTensor swapped = RunNode("Transpose", {}, {Counting({2, 3})});
  EXPECT_EQ(swapped.shape, (Shape{3, 2}));
  EXPECT_THAT(swapped.data, ElementsAre(1, 4, 2, 5, 3, 6));
  // [1, 2, 2, 2] NCHW -> NHWC: channels become neighbours.
  const DoubleTensor channels_last = RunNode("Transpose", {{"perm", Ints{0, 2, 3, 1}}}, {Counting({1, 2, 2, 2})});
  EXPECT_THAT(channels_last.data, ElementsAre(1, 5, 2, 6, 3, 7, 4, 8));
  const DoubleTensor turned = RunNode("Transpose", {{"perm", Ints{2, 0, 1}}}, {Counting({2, 3, 4})});
  EXPECT_EQ(turned.shape, (Shape{4, 2, 3}));
  EXPECT_EQ(turned.data[6], 2);  // turned[1, 0, 0] = x[0, 0, 1]
  for (const Ints& bad : {Ints{0, 0, 1}, Ints{0, 1}, Ints{0, 1, 3}}) {
    EXPECT_THAT(NodeError("Transpose", {{"perm", bad}}, {Ones({2, 3, 4})}), HasSubstr("each of 3 dimensions once"));
  }
}

TEST(Pad, AddsAndRemoves) {
  const DoubleTensor x = Counting({1, 3});
  EXPECT_THAT(RunNode("Pad", {}, {x, Int64s({0, 1, 0, 2})}).data, ElementsAre(0, 1, 2, 3, 0, 0));
  EXPECT_THAT(RunNode("Pad", {}, {x, Int64s({1, 0, 0, 0}), FloatScalar(9)}).data, ElementsAre(9, 9, 9, 1, 2, 3));
  EXPECT_THAT(RunNode("Pad", {}, {x, Int64s({0, -1, 0, 1})}).data, ElementsAre(2, 3, 0));
  EXPECT_THAT(RunNode("Pad", {}, {x, Int64s({0, 1, 0, -2})}).data, ElementsAre(0, 1));
  // The shortcut of a residual network without weights: more channels, the new ones zero.
  const DoubleTensor wide = RunNode("Pad", {}, {Counting({2, 1, 1, 2}), Int64s({0, 1, 0, 0, 0, 1, 0, 0})});
  EXPECT_EQ(wide.shape, (Shape{2, 3, 1, 2}));
  EXPECT_THAT(wide.data, ElementsAre(0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0));
}

TEST(Pad, RejectsWhatDoesNotFit) {
  EXPECT_THAT(NodeError("Pad", {}, {Ones({1, 3}), Int64s({0, 1})}), HasSubstr("has 2 pads; a tensor of 2 dimensions"));
  EXPECT_THAT(NodeError("Pad", {}, {Ones({1, 3}), Int64s({0, -2, 0, -1})}), HasSubstr("remove all of dimension 1"));
  EXPECT_THAT(NodeError("Pad", {}, {Ones({1, 3}), Int64s({0, -4, 0, 9})}), HasSubstr("remove all of dimension 1"));
  EXPECT_THAT(NodeError("Pad", {}, {Ones({1, 3}), Int64s({0, INT64_MAX, 0, INT64_MAX})}), HasSubstr("more than 2^40"));
  EXPECT_THAT(NodeError("Pad", {{"mode", std::string("mirror")}}, {Ones({1}), Int64s({0, 0})}),
              HasSubstr("unknown mode 'mirror'"));
}

TEST(Pad, FillsFromTheInput) {
  const auto pad = [](const std::string& mode, Ints pads) {
    return RunNode("Pad", {{"mode", mode}}, {Counting({3}), Int64s(std::move(pads))}).data;
  };
  EXPECT_THAT(pad("edge", {2, 1}), ElementsAre(1, 1, 1, 2, 3, 3));
  EXPECT_THAT(pad("reflect", {2, 3}), ElementsAre(3, 2, 1, 2, 3, 2, 1, 2));
  EXPECT_THAT(pad("wrap", {1, 2}), ElementsAre(3, 1, 2, 3, 1, 2));
  EXPECT_THAT(pad("reflect", {-1, 1}), ElementsAre(2, 3, 2));
}

TEST(Slice, ReadsBoundsLikeNumpy) {
  const auto slice = [](int64_t start, int64_t end, int64_t step) {
    return RunNode("Slice", {}, {Counting({6}), Int64s({start}), Int64s({end}), Int64s({0}), Int64s({step})}).data;
  };
  EXPECT_THAT(slice(1, 4, 1), ElementsAre(2, 3, 4));
  EXPECT_THAT(slice(0, INT64_MAX, 2), ElementsAre(1, 3, 5));
  EXPECT_THAT(slice(1, 99, 2), ElementsAre(2, 4, 6));
  EXPECT_THAT(slice(-2, INT64_MAX, 1), ElementsAre(5, 6));
  EXPECT_THAT(slice(-99, -4, 1), ElementsAre(1, 2));
  EXPECT_THAT(slice(-1, INT64_MIN, -2), ElementsAre(6, 4, 2));
  EXPECT_THAT(slice(3, 1, -1), ElementsAre(4, 3));
  EXPECT_THAT(slice(99, -99, -4), ElementsAre(6, 2));
  EXPECT_THAT(slice(INT64_MAX, 3, -1), ElementsAre(6, 5));
  EXPECT_THAT(slice(2, 5, INT64_MAX), ElementsAre(3));
}

TEST(Slice, TakesEverySecondPixel) {
  const DoubleTensor y =
      RunNode("Slice", {}, {Counting({1, 2, 3, 3}), Int64s({0, 0}), Int64s({3, 3}), Int64s({2, -1}), Int64s({2, 2})});
  EXPECT_EQ(y.shape, (Shape{1, 2, 2, 2}));
  EXPECT_THAT(y.data, ElementsAre(1, 3, 7, 9, 10, 12, 16, 18));
  // Without axes and steps: the first dimensions, each element.
  EXPECT_THAT(RunNode("Slice", {}, {Counting({2, 2}), Int64s({1}), Int64s({2})}).data, ElementsAre(3, 4));
}

TEST(Slice, RejectsWhatDoesNotFit) {
  const auto error = [](Ints starts, Ints ends, Ints axes, Ints steps) {
    return NodeError("Slice", {}, {Ones({6, 2}), Int64s(starts), Int64s(ends), Int64s(axes), Int64s(steps)});
  };
  EXPECT_EQ(error({0}, {2}, {0}, {1}), "");
  EXPECT_THAT(error({2}, {2}, {0}, {1}), HasSubstr("slice of dimension 0 is empty"));
  EXPECT_THAT(error({0}, {2}, {0}, {-1}), HasSubstr("is empty"));
  EXPECT_THAT(error({0}, {2}, {0}, {0}), HasSubstr("step must not be 0"));
  EXPECT_THAT(error({0}, {2}, {2}, {1}), HasSubstr("axis 2 is outside"));
  EXPECT_THAT(error({0, 0}, {2, 2}, {0, -2}, {1, 1}), HasSubstr("dimension 0 is sliced twice"));
  EXPECT_THAT(error({0, 0}, {2}, {0}, {1}), HasSubstr("same length"));
}

TEST(Concat, JoinsAlongTheAxis) {
  const DoubleTensor a = Counting({2, 1, 2}), b({2, 2, 2}, {10, 20, 30, 40, 50, 60, 70, 80});
  const DoubleTensor y = RunNode("Concat", {{"axis", int64_t{1}}}, {a, b});
  EXPECT_EQ(y.shape, (Shape{2, 3, 2}));
  EXPECT_THAT(y.data, ElementsAre(1, 2, 10, 20, 30, 40, 3, 4, 50, 60, 70, 80));
  EXPECT_EQ(RunNode("Concat", {{"axis", int64_t{-2}}}, {a, b}).data, y.data);
  EXPECT_THAT(RunNode("Concat", {{"axis", int64_t{0}}}, {Row({1}), Row({2, 3}), Row({4})}).data,
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(NodeError("Concat", {{"axis", int64_t{0}}}, {a, b}),
              HasSubstr("input 1 of shape [2, 2, 2] does not fit"));
  EXPECT_THAT(NodeError("Concat", {{"axis", int64_t{0}}}, {a, Operand()}), HasSubstr("input 1 is left out"));
  EXPECT_THAT(NodeError("Concat", {}, {a, a}), HasSubstr("attribute 'axis' is required"));
}

std::vector<double> Quantize(std::vector<double> values, float scale, float zero_point, float bits,
                             Attributes attributes) {
  return RunNode("Quant", std::move(attributes),
                 {Row(std::move(values)), FloatScalar(scale), FloatScalar(zero_point), FloatScalar(bits)})
      .data;
}

TEST(Quant, RoundsHalvesToEvenAndSaturates) {
  const Attributes is_unsigned = {{"signed", int64_t{0}}};
  EXPECT_THAT(Quantize({-3, .24, .25, .75, 1.25, 7.4, 99}, .5f, 0, 4, is_unsigned),
              ElementsAre(0, 0, 0, 1, 1, 7.5, 7.5));
  EXPECT_THAT(Quantize({-99, -.75, .75, 99}, .5f, 0, 4, {}), ElementsAre(-4, -1, 1, 3.5));
  EXPECT_THAT(Quantize({-99, 99}, .5f, 0, 4, {{"narrow", int64_t{1}}}), ElementsAre(-3.5, 3.5));
  EXPECT_THAT(Quantize({-99, 99}, 1, 0, 2, {{"narrow", int64_t{1}}, {"signed", int64_t{0}}}), ElementsAre(0, 2));
}

TEST(Quant, ZeroPointShiftsTheGrid) {
  // Codes 0..15 stand for -5..10. The half is rounded before the odd zero point is added.
  EXPECT_THAT(Quantize({-99, -5.4, 0, 2.5, 99}, 1, 5, 4, {{"signed", int64_t{0}}}), ElementsAre(-5, -5, 0, 2, 10));
}

TEST(Quant, NanBecomesTheLowest) { EXPECT_THAT(Quantize({std::nan("")}, 1, 0, 4, {}), ElementsAre(-8)); }

TEST(Quant, RejectsWhatIsNoGrid) {
  const auto error = [](float scale, float zero_point, float bits, Attributes attributes = {}) {
    return NodeError("Quant", std::move(attributes),
                     {Row({1}), FloatScalar(scale), FloatScalar(zero_point), FloatScalar(bits)});
  };
  EXPECT_EQ(error(1, 0, 24), "");
  EXPECT_THAT(error(0, 0, 4), HasSubstr("scale must be positive and finite; it is 0"));
  EXPECT_THAT(error(1, .5f, 4), HasSubstr("zero point must be an integer within +-2^24; it is 0.5"));
  EXPECT_THAT(error(1, 0, 25), HasSubstr("bit width must be an integer in 2..24; it is 25"));
  EXPECT_THAT(error(1, 0, 1), HasSubstr("bit width must be an integer in 2..24; it is 1"));
  EXPECT_EQ(error(1, 0, 1, {{"signed", int64_t{0}}}), "");
  EXPECT_THAT(error(1, 0, 4, {{"rounding_mode", std::string("FLOOR")}}), HasSubstr("must be ROUND"));
  EXPECT_THAT(NodeError("Quant", {}, {Row({1}), Row({1}), FloatScalar(0), FloatScalar(4)}),
              HasSubstr("scale must be a float parameter"));
  EXPECT_THAT(NodeError("Quant", {}, {Row({1}), FloatTensor({2}, {1, 1}), FloatScalar(0), FloatScalar(4)}),
              HasSubstr("scale must be one value; it has shape [2]"));
}

TEST(BipolarQuant, GivesOneBit) {
  EXPECT_THAT(RunNode("BipolarQuant", {}, {Row({-2, -0.0, 0, 7}), FloatScalar(.5f)}).data,
              ElementsAre(-.5, .5, .5, .5));
  EXPECT_THAT(NodeError("BipolarQuant", {}, {Row({1}), FloatScalar(-1)}), HasSubstr("scale must be positive"));
  EXPECT_THAT(NodeError("BipolarQuant", {}, {Row({1}), Row({1})}), HasSubstr("scale must be a float parameter"));
}

std::vector<double> QuantizeElastically(int exponent, int fraction, bool is_signed, std::vector<double> values) {
  const LevelGrid grid = ElasticLevels(exponent, fraction, is_signed);
  const auto row = [](const std::vector<float>& v) { return FloatTensor({static_cast<int64_t>(v.size())}, v); };
  const auto unit = static_cast<float>(std::ldexp(1.0, -fraction));  // Of the levels.
  return RunNode("LevelQuant", {}, {Row(std::move(values)), FloatScalar(unit), row(grid.thresholds), row(grid.levels)})
      .data;
}

// The ties of the specification of elastic significant bits, with 4 bits of which 1 is a fraction's.
TEST(LevelQuant, ElasticLevelsBreakTiesToEvenSignificands) {
  EXPECT_THAT(ElasticLevels(2, 1, false).levels, ElementsAre(0, 1, 2, 3, 4, 6, 8, 12));
  EXPECT_THAT(QuantizeElastically(2, 1, true, {.25, .75, 1.25, 1.75, 2.5, 3.5, 5, 7, 1e9, -0.0}),
              ElementsAre(0, 1, 1, 2, 2, 4, 4, 6, 6, 0));
  EXPECT_THAT(QuantizeElastically(2, 1, true, {-.25, -.75, -1.25, -1.75, -2.5, -3.5, -5, -7, -1e9}),
              ElementsAre(0, -1, -1, -2, -2, -4, -4, -6, -6));
  // Powers of two: midpoints, not geometric means.
  EXPECT_THAT(ElasticLevels(3, 0, false).levels, ElementsAre(0, 1, 2, 4, 8, 16, 32, 64));
  EXPECT_THAT(QuantizeElastically(3, 0, false, {.5, .51, 1.5, 2.99, 3, 47, 48, -1}),
              ElementsAre(0, 1, 2, 2, 4, 32, 64, 0));
  // No exponents: a uniform grid.
  EXPECT_THAT(ElasticLevels(1, 2, true).levels.size(), 15u);
  EXPECT_THAT(QuantizeElastically(1, 2, false, {.125, .375, 1.625, 9}), ElementsAre(0, .5, 1.5, 1.75));
}

TEST(LevelQuant, TakesTheLevelOfTheLastThresholdReached) {
  const auto quantize = [](double x) {
    return RunNode("LevelQuant", {},
                   {Row({x}), FloatScalar(.5f), FloatTensor({2}, {-1, 3}), FloatTensor({3}, {-7, 0, 9})})
        .data[0];
  };
  EXPECT_EQ(quantize(-.51), -3.5);
  EXPECT_EQ(quantize(-.5), 0);
  EXPECT_EQ(quantize(1.49), 0);
  EXPECT_EQ(quantize(1.5), 4.5);
  EXPECT_EQ(quantize(std::nan("")), -3.5);
}

TEST(LevelQuant, RejectsWhatIsNoGrid) {
  const auto error = [](std::vector<float> thresholds, std::vector<float> levels) {
    const auto row = [](const std::vector<float>& v) { return FloatTensor({static_cast<int64_t>(v.size())}, v); };
    return NodeError("LevelQuant", {}, {Row({1}), FloatScalar(1), row(thresholds), row(levels)});
  };
  EXPECT_EQ(error({0}, {0, 1}), "");
  std::vector<float> many(256);
  std::iota(many.begin(), many.end(), 0.0f);
  EXPECT_THAT(error(many, many), HasSubstr("thresholds must be ascending and finite, 1..255 of them"));
  EXPECT_THAT(error({1, 1}, {0, 1, 2}), HasSubstr("thresholds must be ascending"));
  EXPECT_THAT(error({0}, {0}), HasSubstr("levels must be one more than the 1 thresholds; there are 1"));
  EXPECT_THAT(error({0}, {1, 0}), HasSubstr("levels must be ascending integers within +-32767"));
  EXPECT_THAT(error({0}, {0, .5f}), HasSubstr("levels must be ascending integers"));
  EXPECT_THAT(error({0}, {0, 40000}), HasSubstr("levels must be ascending integers"));
  EXPECT_THAT(NodeError("LevelQuant", {}, {Row({1}), FloatScalar(0), FloatTensor({1}, {0}), FloatTensor({2}, {0, 1})}),
              HasSubstr("scale must be positive"));
}

TEST(Softmax, NormalizesAlongTheAxis) {
  const double three = std::log(3.0);
  EXPECT_THAT(Unary("Softmax", {0, three}), ElementsAre(DoubleEq(0.25), DoubleEq(0.75)));
  // Large values: the largest is taken out first.
  EXPECT_THAT(Unary("Softmax", {1000, 1000}), ElementsAre(0.5, 0.5));
  const DoubleTensor columns = RunNode("Softmax", {{"axis", int64_t{0}}}, {DoubleTensor({2, 2}, {0, three, three, 0})});
  EXPECT_THAT(columns.data, Pointwise(DoubleEq(), {0.25, 0.75, 0.75, 0.25}));
  EXPECT_THAT(NodeError("Softmax", {{"axis", int64_t{2}}}, {Ones({2, 2})}), HasSubstr("axis 2 is outside"));
}

TEST(Dropout, IsTheIdentityAtInference) {
  EXPECT_THAT(RunNode("Dropout", {}, {Row({1, 2}), FloatScalar(0.5f)}).data, ElementsAre(1, 2));
  EXPECT_EQ(NodeError("Dropout", {{"seed", int64_t{1}}}, {Ones({2}), FloatScalar(0), Int64Tensor({}, {0})}), "");
  EXPECT_THAT(NodeError("Dropout", {}, {Ones({2}), FloatScalar(1)}), HasSubstr("must be at least 0 and below 1"));
}

TEST(MatMul, MultipliesStacksLikeNumpy) {
  EXPECT_THAT(RunNode("MatMul", {}, {Counting({2, 3}), Counting({3, 2})}).data, ElementsAre(22, 28, 49, 64));
  // Two matrices times one.
  const DoubleTensor y = RunNode("MatMul", {}, {Counting({2, 1, 2}), DoubleTensor({2, 2}, {1, 2, 3, 4})});
  EXPECT_EQ(y.shape, (Shape{2, 1, 2}));
  EXPECT_THAT(y.data, ElementsAre(7, 10, 15, 22));
  // A vector loses the dimension that it was given.
  const DoubleTensor dot = RunNode("MatMul", {}, {Row({1, 2}), Row({3, 4})});
  EXPECT_EQ(dot.shape, Shape());
  EXPECT_THAT(dot.data, ElementsAre(11));
  EXPECT_EQ(RunNode("MatMul", {}, {Counting({3, 2}), Row({1, 1})}).shape, (Shape{3}));
  EXPECT_THAT(NodeError("MatMul", {}, {Ones({2, 3}), Ones({2, 3})}), HasSubstr("[2, 3] and [2, 3] do not multiply"));
  EXPECT_THAT(NodeError("MatMul", {}, {Ones({2, 2, 3}), Ones({3, 3, 2})}), HasSubstr("do not broadcast"));
}

TEST(ConvTranspose, GoldenValuesByHand) {
  // One row, stride 2: each pixel lays down the kernel 1 2 3, and they overlap in one pixel.
  const DoubleTensor y = RunNode("ConvTranspose", {{"strides", Ints{1, 2}}},
                                 {DoubleTensor({1, 1, 1, 2}, {1, 10}), Counting({1, 1, 1, 3}), Row({100})});
  EXPECT_THAT(y.data, ElementsAre(101, 102, 113, 120, 130));
}

// The transpose of a linear map A has <A x, y> = <x, A' y> for all x and y; exact, as all numbers are small integers.
TEST(ConvTranspose, IsTheAdjointOfConv) {
  struct Case {
    Shape x, weight;  // Of the convolution.
    Ints strides, pads, dilations, output_padding;
    int64_t group;
  };
  const std::vector<Case> cases = {{{2, 3, 5, 6}, {4, 3, 3, 2}, {1, 1}, {1, 0, 1, 0}, {1, 1}, {0, 0}, 1},
                                   {{1, 4, 7, 8}, {6, 2, 3, 3}, {2, 2}, {1, 1, 0, 1}, {1, 1}, {1, 1}, 2},
                                   {{1, 2, 9, 7}, {2, 1, 2, 3}, {3, 1}, {0, 1, 0, 2}, {1, 2}, {1, 0}, 2}};
  for (const Case& c : cases) {
    const Attributes attributes = {
        {"strides", c.strides}, {"pads", c.pads}, {"dilations", c.dilations}, {"group", c.group}};
    Attributes transposed = attributes;
    transposed["output_padding"] = c.output_padding;
    const DoubleTensor x = Scrambled(c.x, 3), weight = Scrambled(c.weight, 4);
    const DoubleTensor ax = RunNode("Conv", attributes, {x, weight});
    const DoubleTensor y = Scrambled(ax.shape, 5);
    const DoubleTensor aty = RunNode("ConvTranspose", transposed, {y, weight});
    ASSERT_EQ(aty.shape, x.shape);
    double left = 0, right = 0;
    for (size_t i = 0; i < y.data.size(); ++i) left += ax.data[i] * y.data[i];
    for (size_t i = 0; i < x.data.size(); ++i) right += x.data[i] * aty.data[i];
    EXPECT_EQ(left, right);
    EXPECT_NE(left, 0);
  }
}

TEST(ConvTranspose, RejectsWhatDoesNotFit) {
  const DoubleTensor x = Ones({1, 4, 3, 3}), weight = Ones({4, 2, 3, 3});
  const auto error = [&](Attributes attributes) {
    return NodeError("ConvTranspose", std::move(attributes), {x, weight});
  };
  EXPECT_EQ(error({{"group", int64_t{2}}}), "");
  EXPECT_THAT(error({{"group", int64_t{3}}}), HasSubstr("group 3 must divide"));
  EXPECT_THAT(error({{"output_padding", Ints{1, 0}}}), HasSubstr("smaller than stride or dilation"));
  EXPECT_THAT(error({{"pads", Ints{3, 0, 3, 0}}}), HasSubstr("pads are larger than the output"));
  EXPECT_THAT(NodeError("ConvTranspose", {}, {Ones({1, 3, 3, 3}), weight}),
              HasSubstr("weight has 4 input channels; input has 3"));
  EXPECT_THAT(NodeError("ConvTranspose", {}, {x, weight, Ones({4})}), HasSubstr("bias must be [2]"));
}

}  // namespace
}  // namespace lowbit
