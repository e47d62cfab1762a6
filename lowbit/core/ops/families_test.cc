// Golden values of the operators that share a folder, and of those that look positions up, worked out by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lowbit/core/testing/single_node.h"

namespace lowbit {
namespace {

using testing::Counting;
using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Int64s;
using testing::NodeError;
using testing::Ones;
using testing::Operand;
using testing::RunNode;

DoubleTensor Row(std::vector<double> values) {
  const Shape shape = {static_cast<int64_t>(values.size())};
  return DoubleTensor(shape, std::move(values));
}

std::vector<double> Unary(const std::string& op, std::vector<double> values, Attributes attributes = {}) {
  return RunNode(op, std::move(attributes), {Row(std::move(values))}).data;
}

constexpr int64_t kOne = 1, kTwo = 2;

TEST(Unary, ReadsItsSettings) {
  EXPECT_THAT(Unary("Elu", {1, -1}), ElementsAre(1, DoubleEq(std::exp(-1.0) - 1)));
  EXPECT_THAT(Unary("Elu", {-1}, {{"alpha", 2.0}}), ElementsAre(DoubleEq(2 * (std::exp(-1.0) - 1))));
  EXPECT_THAT(Unary("Shrink", {-2, 0.25, 2}, {{"lambd", 1.0}, {"bias", 0.5}}), ElementsAre(-1.5, 0, 1.5));
  EXPECT_THAT(Unary("ThresholdedRelu", {1, 1.5}), ElementsAre(0, 1.5));
  EXPECT_THAT(Unary("Round", {0.5, 1.5, -2.5}), ElementsAre(0, 2, -2));
  EXPECT_THAT(Unary("Softplus", {0, 1000, -1000}), ElementsAre(DoubleEq(std::log(2.0)), 1000, 0));
  EXPECT_THAT(Unary("IsInf", {HUGE_VAL, -HUGE_VAL, 1}, {{"detect_negative", int64_t{0}}}), ElementsAre(1, 0, 0));
  EXPECT_THAT(Unary("Gelu", {0, 1}), ElementsAre(0, DoubleNear(0.8413447, 1e-7)));  // The normal distribution's.
}

TEST(Binary, ComparesAndTakesRemainders) {
  const auto run = [](const std::string& op, Attributes attributes = {}) {
    return RunNode(op, std::move(attributes), {Row({5, -5, 3}), Row({3, 3, 3})}).data;
  };
  EXPECT_THAT(run("Mod"), ElementsAre(2, 1, 0));
  EXPECT_THAT(run("Mod", {{"fmod", kOne}}), ElementsAre(2, -2, 0));
  EXPECT_THAT(run("Greater"), ElementsAre(1, 0, 0));
  EXPECT_THAT(run("LessOrEqual"), ElementsAre(0, 1, 1));
  EXPECT_THAT(run("Pow"), ElementsAre(125, -125, 27));
  EXPECT_THAT(RunNode("Xor", {}, {Row({0, 1, 1}), Row({1, 1, 0})}).data, ElementsAre(1, 0, 1));
}

TEST(Variadic, TakesAnyNumber) {
  const std::vector<Operand> three = {Row({1, 5}), Row({3}), Row({2, 2})};
  EXPECT_THAT(RunNode("Max", {}, three).data, ElementsAre(3, 5));
  EXPECT_THAT(RunNode("Min", {}, three).data, ElementsAre(1, 2));
  EXPECT_THAT(RunNode("Mean", {}, three).data, ElementsAre(2, DoubleEq(10.0 / 3)));
  EXPECT_THAT(RunNode("Sum", {}, {Row({1, 5})}).data, ElementsAre(1, 5));
}

TEST(Where, BroadcastsThreeWays) {
  const DoubleTensor y = RunNode("Where", {}, {DoubleTensor({2, 1}, {1, 0}), Row({1, 2}), DoubleTensor({}, {9})});
  EXPECT_EQ(y.shape, (Shape{2, 2}));
  EXPECT_THAT(y.data, ElementsAre(1, 2, 9, 9));
}

TEST(Reduce, OverSomeOrAllDimensions) {
  const DoubleTensor x = Counting({2, 3});
  const DoubleTensor rows = RunNode("ReduceSum", {}, {x, Int64s({-1})});
  EXPECT_EQ(rows.shape, (Shape{2, 1}));
  EXPECT_THAT(rows.data, ElementsAre(6, 15));
  const DoubleTensor columns = RunNode("ReduceMean", {{"keepdims", int64_t{0}}}, {x, Int64s({0})});
  EXPECT_EQ(columns.shape, (Shape{3}));
  EXPECT_THAT(columns.data, ElementsAre(2.5, 3.5, 4.5));
  EXPECT_THAT(RunNode("ReduceMax", {}, {x}).data, ElementsAre(6));
  EXPECT_EQ(RunNode("ReduceMax", {{"noop_with_empty_axes", kOne}}, {x}).data, x.data);
  EXPECT_THAT(RunNode("ReduceLogSumExp", {}, {Row({1000, 1000})}).data, ElementsAre(DoubleEq(1000 + std::log(2.0))));
  EXPECT_THAT(RunNode("ReduceL2", {}, {Row({3, -4})}).data, ElementsAre(5));
  EXPECT_THAT(NodeError("ReduceSum", {}, {x, Int64s({1, -1})}), HasSubstr("axis 1 is named twice"));
}

TEST(ArgExtreme, ChoosesAmongEquals) {
  const DoubleTensor x({2, 3}, {1, 7, 7, 4, 0, 0});
  EXPECT_THAT(RunNode("ArgMax", {{"axis", kOne}}, {x}).data, ElementsAre(1, 0));
  EXPECT_THAT(RunNode("ArgMax", {{"axis", kOne}, {"select_last_index", kOne}}, {x}).data, ElementsAre(2, 0));
  EXPECT_THAT(RunNode("ArgMin", {{"keepdims", int64_t{0}}}, {x}).data, ElementsAre(0, 1, 1));
}

TEST(Softmax, RelativesGoAlongTheAxis) {
  EXPECT_THAT(Unary("LogSoftmax", {1000, 1000}), ElementsAre(DoubleEq(-std::log(2.0)), DoubleEq(-std::log(2.0))));
  EXPECT_THAT(Unary("Hardmax", {1, 3, 3}), ElementsAre(0, 1, 0));
  EXPECT_THAT(Unary("LpNormalization", {3, 4}), ElementsAre(0.6, 0.8));
  EXPECT_THAT(RunNode("Hardmax", {{"axis", int64_t{0}}}, {Counting({2, 2})}).data, ElementsAre(0, 0, 1, 1));
}

TEST(CumSum, FourWays) {
  const auto run = [](Attributes attributes) {
    return RunNode("CumSum", std::move(attributes), {Row({1, 2, 3}), Int64Tensor({}, {0})}).data;
  };
  EXPECT_THAT(run({}), ElementsAre(1, 3, 6));
  EXPECT_THAT(run({{"exclusive", kOne}}), ElementsAre(0, 1, 3));
  EXPECT_THAT(run({{"reverse", kOne}}), ElementsAre(6, 5, 3));
  EXPECT_THAT(run({{"reverse", kOne}, {"exclusive", kOne}}), ElementsAre(5, 3, 0));
}

TEST(Squeeze, AndBack) {
  EXPECT_EQ(RunNode("Squeeze", {}, {Counting({1, 2, 1, 3})}).shape, (Shape{2, 3}));
  EXPECT_EQ(RunNode("Squeeze", {}, {Counting({1, 2, 1, 3}), Int64s({-2})}).shape, (Shape{1, 2, 3}));
  EXPECT_EQ(RunNode("Unsqueeze", {}, {Counting({2, 3}), Int64s({0, -1})}).shape, (Shape{1, 2, 3, 1}));
  EXPECT_THAT(NodeError("Squeeze", {}, {Ones({2, 3}), Int64s({0})}), HasSubstr("is not 1"));
}

TEST(Expand, RepeatsAndTiles) {
  EXPECT_THAT(RunNode("Expand", {}, {DoubleTensor({2, 1}, {1, 2}), Int64s({2})}).data, ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(RunNode("Tile", {}, {Counting({2, 2}), Int64s({1, 2})}).data, ElementsAre(1, 2, 1, 2, 3, 4, 3, 4));
  EXPECT_THAT(NodeError("Tile", {}, {Ones({2}), Int64s({int64_t{1} << 50})}), HasSubstr("too large"));
}

TEST(DepthToSpace, BothModesAndBack) {
  const DoubleTensor x = Counting({1, 8, 1, 1});
  EXPECT_THAT(RunNode("DepthToSpace", {{"blocksize", kTwo}}, {x}).data, ElementsAre(1, 3, 5, 7, 2, 4, 6, 8));
  EXPECT_THAT(RunNode("DepthToSpace", {{"blocksize", kTwo}, {"mode", std::string("CRD")}}, {x}).data,
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  const DoubleTensor space = RunNode("DepthToSpace", {{"blocksize", kTwo}}, {Counting({1, 8, 2, 3})});
  EXPECT_EQ(space.shape, (Shape{1, 2, 4, 6}));
  EXPECT_EQ(RunNode("SpaceToDepth", {{"blocksize", kTwo}}, {space}).data, Counting({48}).data);
}

TEST(Gather, LooksPositionsUp) {
  const DoubleTensor x = Counting({2, 3});
  const DoubleTensor picked = RunNode("Gather", {{"axis", kOne}}, {x, DoubleTensor({2}, {-1, 0})});
  EXPECT_EQ(picked.shape, (Shape{2, 2}));
  EXPECT_THAT(picked.data, ElementsAre(3, 1, 6, 4));
  // Computed positions outside count as the nearest inside.
  EXPECT_THAT(RunNode("Gather", {{"axis", kOne}}, {x, DoubleTensor({1}, {7})}).data, ElementsAre(3, 6));
  EXPECT_THAT(NodeError("Gather", {}, {x, FloatTensor({1}, {2})}), HasSubstr("outside a dimension of 2"));
  EXPECT_THAT(RunNode("GatherElements", {{"axis", kOne}}, {x, DoubleTensor({2, 1}, {2, 1})}).data, ElementsAre(3, 5));
  EXPECT_THAT(RunNode("GatherND", {}, {x, DoubleTensor({2, 2}, {0, 2, 1, 0})}).data, ElementsAre(3, 4));
  EXPECT_THAT(RunNode("GatherND", {{"batch_dims", kOne}}, {x, DoubleTensor({2, 1}, {2, 0})}).data, ElementsAre(3, 4));
}

TEST(Scatter, ReplacesOrCombines) {
  const DoubleTensor x = Row({1, 2, 3, 4});
  EXPECT_THAT(RunNode("ScatterElements", {}, {x, Row({1, 3}), Row({9, 8})}).data, ElementsAre(1, 9, 3, 8));
  EXPECT_THAT(RunNode("ScatterElements", {{"reduction", std::string("add")}}, {x, Row({1, 1}), Row({9, 8})}).data,
              ElementsAre(1, 19, 3, 4));
  EXPECT_THAT(
      RunNode("ScatterND", {}, {Counting({2, 2}), DoubleTensor({1, 1}, {1}), DoubleTensor({1, 2}, {7, 8})}).data,
      ElementsAre(1, 2, 7, 8));
}

TEST(TopK, OrdersAndKeepsEqualsInPlace) {
  const DoubleTensor x({1, 4}, {2, 9, 2, 5});
  EXPECT_THAT(RunNode("TopK", {}, {x, Int64s({3})}).data, ElementsAre(9, 5, 2));
  EXPECT_THAT(RunNode("TopK", {{"largest", int64_t{0}}}, {x, Int64s({2})}).data, ElementsAre(2, 2));
  EXPECT_THAT(NodeError("TopK", {}, {x, Int64s({5})}), HasSubstr("must be one number in 1..4"));
}

TEST(Normalizations, OfWhatLiesBehindAnAxis) {
  const DoubleTensor x({1, 1, 2}, {1, 3});  // Mean 2, variance 1; epsilon 3 makes the deviation 2.
  EXPECT_THAT(RunNode("InstanceNormalization", {{"epsilon", 3.0}}, {x, Row({4}), Row({10})}).data, ElementsAre(8, 12));
  EXPECT_THAT(RunNode("LayerNormalization", {{"epsilon", 3.0}}, {x, Row({4, 2}), Row({10, 0})}).data,
              ElementsAre(8, 1));
  // Channel 0 sees itself and channel 1, channel 1 both: 1 + 2 / 2 * (1 + 9).
  EXPECT_THAT(RunNode("LRN", {{"alpha", 2.0}, {"beta", 1.0}, {"size", kTwo}}, {DoubleTensor({1, 2}, {1, 3})}).data,
              ElementsAre(DoubleEq(1.0 / 11), DoubleEq(0.3)));
}

TEST(Resize, SamplesTheGrid) {
  const auto run = [](Attributes attributes, std::vector<float> scales) {
    return RunNode("Resize", std::move(attributes), {DoubleTensor({1, 2}, {1, 3}), Operand(), FloatTensor({2}, scales)})
        .data;
  };
  EXPECT_THAT(run({}, {1, 2}), ElementsAre(1, 1, 3, 3));
  EXPECT_THAT(run({{"mode", std::string("linear")}}, {1, 2}), ElementsAre(1, 1.5, 2.5, 3));
  EXPECT_THAT(
      run({{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string("align_corners")}}, {1, 2}),
      ElementsAre(1, DoubleEq(1 + 2.0 / 3), DoubleEq(1 + 4.0 / 3), 3));
  EXPECT_THAT(
      RunNode("Resize", {{"axes", std::vector<int64_t>{1}}}, {Counting({1, 4}), Operand(), Operand(), Int64s({2})})
          .data,
      ElementsAre(1, 3));
  EXPECT_THAT(NodeError("Resize", {{"mode", std::string("best")}}, {Ones({2}), Operand(), FloatTensor({1}, {2})}),
              HasSubstr("unknown mode 'best'"));
}

// One unit with weights of 1 and inputs of 1, so that every gate sees x + h.
TEST(Recurrent, OneUnitByHand) {
  const DoubleTensor x({2, 1, 1}, {1, 1});
  const auto run = [&](const std::string& op, int64_t gates, Attributes attributes = {}) {
    return RunNode(op, std::move(attributes), {x, Ones({1, gates, 1}), Ones({1, gates, 1})}).data;
  };
  const double t1 = std::tanh(1.0);
  EXPECT_THAT(run("RNN", 1), ElementsAre(DoubleEq(t1), DoubleEq(std::tanh(1 + t1))));
  EXPECT_THAT(run("RNN", 1, {{"activations", std::string("Relu")}}), ElementsAre(1, 2));
  EXPECT_THAT(run("RNN", 1, {{"direction", std::string("reverse")}}),
              ElementsAre(DoubleEq(std::tanh(1 + t1)), DoubleEq(t1)));
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  const double s1 = sigmoid(1), gru1 = (1 - s1) * t1, s2 = sigmoid(1 + gru1);
  EXPECT_THAT(run("GRU", 3), ElementsAre(DoubleEq(gru1), DoubleEq((1 - s2) * std::tanh(1 + s2 * gru1) + s2 * gru1)));
  const double c1 = s1 * t1, h1 = s1 * std::tanh(c1), s3 = sigmoid(1 + h1), c2 = s3 * c1 + s3 * std::tanh(1 + h1);
  EXPECT_THAT(run("LSTM", 4), ElementsAre(DoubleEq(h1), DoubleEq(s3 * std::tanh(c2))));
  EXPECT_THAT(NodeError("LSTM", {}, {x, Ones({1, 4, 1}), Ones({1, 4, 2})}), HasSubstr("R has shape [1, 4, 2]"));
  EXPECT_THAT(NodeError("GRU", {{"activations", std::string("Relu")}}, {x, Ones({1, 3, 1}), Ones({1, 3, 1})}),
              HasSubstr("names 1; expected 2"));
}

// h is read as 1, 0 or -1 times the scale, R has the integers 3, S is 0.5.
TEST(Recurrent, QuantizedStatesByHand) {
  const DoubleTensor gates({3, 1, 1}, {2, -1, .25});
  DoubleTensor r({1, 1, 1}, {3});
  Attributes attributes = {{"cell", std::string("RNN")},
                           {"activations", std::string("Relu")},
                           {"hidden_bits", int64_t{2}},
                           {"hidden_scale", .25}};
  const DoubleTensor s({1, 1}, {.5});
  EXPECT_THAT(RunNode("Recurrence", attributes, {gates, r, s}).data, ElementsAre(2, .5, 1.75));
  // Without S in real numbers.
  EXPECT_THAT(RunNode("Recurrence", attributes, {gates, r}).data, ElementsAre(2, 0, .25));
  attributes["hidden_bits"] = int64_t{9};
  EXPECT_THAT(NodeError("Recurrence", attributes, {gates, r, s}), HasSubstr("'hidden_bits' must be in 2..8; it is 9"));
  attributes["hidden_bits"] = int64_t{2};
  attributes["hidden_scale"] = 1e-40;
  EXPECT_THAT(NodeError("Recurrence", attributes, {gates, r, s}), HasSubstr("'hidden_scale' must be positive"));
  attributes.erase("hidden_bits");
  EXPECT_THAT(NodeError("Recurrence", attributes, {gates, r}), HasSubstr("'hidden_scale' needs 'hidden_bits'"));
  attributes.erase("hidden_scale");
  EXPECT_THAT(NodeError("Recurrence", attributes, {gates, r, s}), HasSubstr("S needs attribute 'hidden_bits'"));
  attributes["cell"] = std::string("rnn");
  EXPECT_THAT(NodeError("Recurrence", attributes, {gates, r}), HasSubstr("must be RNN, GRU or LSTM; it is 'rnn'"));
}

}  // namespace
}  // namespace lowbit
