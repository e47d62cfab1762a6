// Every operator's lowering against its plain definition in core, in double.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "lowbit/core/operator.h"
#include "lowbit/train/lowering.h"
#include "lowbit/train/test_lowerings.h"

namespace lowbit::train {
namespace {

TEST(Lowerings, AreOfOperators) {
  for (const auto& [name, lower] : Lowerings()) EXPECT_NE(FindOperator(name), nullptr) << name;
}

TEST(Lowerings, Elementwise) {
  Random random(1);
  const DoubleTensor x = random.Tensor({2, 3, 4, 5});
  for (const char* op : {"Identity", "Relu", "Sigmoid", "Tanh", "Sign", "HardSigmoid", "HardSwish", "LeakyRelu"}) {
    ExpectSame(op, {}, {x});
  }
  ExpectSame("LeakyRelu", {{"alpha", 0.3}}, {x});
  ExpectSame("HardSigmoid", {{"alpha", 0.4}, {"beta", 0.1}}, {x});
  ExpectSame("PRelu", {}, {x, Narrow(random.Tensor({3, 1, 1}))});
  ExpectSame("Clip", {}, {x, FloatTensor({}, {-0.5f}), FloatTensor({}, {0.25f})});
  ExpectSame("Clip", {}, {x, FloatTensor({}, {0.5f}), FloatTensor({}, {-0.25f})});
  ExpectSame("Clip", {}, {x, std::monostate(), FloatTensor({}, {0.25f})});
  ExpectSame("Dropout", {}, {x, FloatTensor({}, {0.5f})});
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
    ExpectSame(op, {}, {x, random.Tensor({2, 3, 4, 5})});
    ExpectSame(op, {}, {x, Narrow(random.Tensor({3, 1, 1}))});
    ExpectSame(op, {}, {random.Tensor({4, 1}), random.Tensor({3, 1, 5})});
  }
  for (const int64_t axis : {-1, 0, 1}) {
    ExpectSame("Softmax", {{"axis", axis}}, {x});
    ExpectSame("LogSoftmax", {{"axis", axis}}, {x});
  }
}

// What networks of other tools have besides.
TEST(Lowerings, FunctionsOfOneElement) {
  Random random(9);
  const DoubleTensor x = random.Tensor({2, 3, 4, 5});
  for (const char* op : {"Abs", "Elu", "Erf", "Exp", "Gelu", "Mish", "Neg", "Softplus", "Softsign", "Reciprocal"}) {
    ExpectSame(op, {}, {x});
  }
  ExpectSame("Elu", {{"alpha", 0.3}}, {x});
  ExpectSame("Gelu", {{"approximate", std::string("tanh")}}, {x});
  DoubleTensor positive = x;
  for (double& value : positive.data) value = value * value + 0.1;
  for (const char* op : {"Log", "Sqrt"}) ExpectSame(op, {}, {positive});
  ExpectSame("Pow", {}, {positive, FloatTensor({}, {0.75f})});
}

TEST(Lowerings, ExtremesAndSumsOfSeveral) {
  Random random(10);
  const DoubleTensor x = random.Tensor({2, 3, 4});
  for (const char* op : {"Max", "Min", "Sum", "Mean"}) {
    ExpectSame(op, {}, {x});
    ExpectSame(op, {}, {x, random.Tensor({2, 3, 4}), Narrow(random.Tensor({3, 1}))});
  }
}

TEST(Lowerings, Reductions) {
  Random random(11);
  const DoubleTensor x = random.Tensor({2, 3, 4, 5});
  for (const char* op : {"ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"}) {
    for (const int64_t keep : {0, 1}) {
      ExpectSame(op, {{"keepdims", keep}}, {x, Int64s({2, -1})});
      ExpectSame(op, {{"keepdims", keep}}, {x});
    }
    ExpectSame(op, {{"noop_with_empty_axes", int64_t{1}}}, {x});
  }
}

TEST(Lowerings, NormalizationsWithoutBatches) {
  Random random(12);
  const DoubleTensor x = random.Tensor({2, 5, 4, 3});
  for (const int64_t axis : {-1, 1}) {
    const Shape shape = axis < 0 ? Shape{3} : Shape{5, 4, 3};
    const Attributes attributes = {{"axis", axis}, {"epsilon", 0.01}};
    ExpectSame("LayerNormalization", attributes, {x, Narrow(random.Tensor(shape))});
    ExpectSame("LayerNormalization", attributes, {x, Narrow(random.Tensor(shape)), Narrow(random.Tensor(shape))});
  }
  ExpectSame("InstanceNormalization", {{"epsilon", 0.01}}, {x, Narrow(random.Tensor({5})), Narrow(random.Tensor({5}))});
  for (const int64_t size : {1, 2, 3, 4}) {
    ExpectSame("LRN", {{"size", size}, {"alpha", 0.5}, {"beta", 0.6}, {"bias", 2.0}}, {x});
  }
}

TEST(Lowerings, Products) {
  Random random(2);
  for (int64_t i = 0; i < 4; ++i) {
    const Shape a = i % 2 ? Shape{6, 4} : Shape{4, 6}, b = i / 2 ? Shape{5, 6} : Shape{6, 5};
    const Attributes attributes = {{"transA", i % 2}, {"transB", i / 2}};
    const Attributes scaled = {{"transA", i % 2}, {"transB", i / 2}, {"alpha", 0.5}, {"beta", -2.0}};
    ExpectSame("Gemm", attributes, {random.Tensor(a), random.Tensor(b)});
    for (const Shape& c : {Shape{5}, Shape{1}, Shape{4, 1}, Shape{4, 5}, Shape{}}) {
      ExpectSame("Gemm", attributes, {random.Tensor(a), Narrow(random.Tensor(b)), Narrow(random.Tensor(c))});
      ExpectSame("Gemm", scaled, {random.Tensor(a), Narrow(random.Tensor(b)), Narrow(random.Tensor(c))});
    }
  }
  ExpectSame("MatMul", {}, {random.Tensor({2, 3, 4}), random.Tensor({4, 5})});
  ExpectSame("MatMul", {}, {random.Tensor({3, 4}), random.Tensor({4, 5})});
}

TEST(Lowerings, BatchNormalization) {
  Random random(3);
  FloatTensor variance = Narrow(random.Tensor({3}));
  for (float& v : variance.data) v = v * v + 0.1f;
  for (const Shape& shape : {Shape{2, 3, 4, 5}, Shape{4, 3}}) {
    ExpectSame("BatchNormalization", {{"epsilon", 0.01}},
               {random.Tensor(shape), Narrow(random.Tensor({3})), Narrow(random.Tensor({3})),
                Narrow(random.Tensor({3})), variance});
  }
}

TEST(Lowerings, Shapes) {
  Random random(4);
  const DoubleTensor x = random.Tensor({2, 3, 4, 5});
  for (const int64_t axis : {0, 1, 2, 4, -1}) ExpectSame("Flatten", {{"axis", axis}}, {x});
  ExpectSame("Reshape", {}, {x, Int64s({0, -1, 10})});
  ExpectSame("Transpose", {}, {x});
  ExpectSame("Transpose", {{"perm", Ints{0, 2, 3, 1}}}, {x});
  for (const int64_t axis : {0, 1, -1}) ExpectSame("Concat", {{"axis", axis}}, {x, x, x});
  ExpectSame("Pad", {}, {x, Int64s({0, 0, 1, 2, 0, 1, 3, 0})});
  ExpectSame("Pad", {}, {x, Int64s({0, 0, -1, 2, 0, 0, 1, -2}), FloatTensor({}, {1.5f})});
  ExpectSame("Slice", {}, {x, Int64s({1, 0}), Int64s({2, 2})});
  ExpectSame("Slice", {}, {x, Int64s({-3, 9}), Int64s({99, -99}), Int64s({2, -1}), Int64s({2, -2})});
  ExpectSame("Slice", {}, {x, Int64s({3}), Int64s({0}), Int64s({3}), Int64s({-1})});
  ExpectSame("GlobalAveragePool", {}, {x});
  const DoubleTensor thin = random.Tensor({2, 1, 4, 1});
  ExpectSame("Squeeze", {}, {thin});
  ExpectSame("Squeeze", {}, {thin, Int64s({1})});
  ExpectSame("Squeeze", {}, {thin, Int64s({-1, 1})});
  ExpectSame("Unsqueeze", {}, {x, Int64s({-1, 0, 3})});
}

// --- What imported networks have besides: every number, and every gradient.

DoubleTensor Positive(DoubleTensor x) {
  for (double& value : x.data) value = value * value + 0.2;
  return x;
}

TEST(Lowerings, FunctionsOfMathematics) {
  Random random(20);
  const DoubleTensor x = random.Tensor({2, 3});
  DoubleTensor inside = x, above = Positive(x);
  for (double& value : inside.data) value = std::tanh(value) * 0.9;
  for (double& value : above.data) value += 1;
  for (const char* op : {"Asinh", "Atan", "Celu", "Cos", "Cosh", "Selu", "Shrink", "Sin", "Sinh", "ThresholdedRelu"}) {
    ExpectSameAndDifferentiable(op, {}, {x});
  }
  for (const char* op : {"Acos", "Asin", "Atanh", "Tan"}) ExpectSameAndDifferentiable(op, {}, {inside});
  ExpectSameAndDifferentiable("Acosh", {}, {above});
  ExpectSameAndDifferentiable("Celu", {{"alpha", 0.4}}, {x});
  ExpectSameAndDifferentiable("Selu", {{"alpha", 0.4}, {"gamma", 2.0}}, {x});
  ExpectSameAndDifferentiable("Shrink", {{"lambd", 0.1}, {"bias", 0.3}}, {x});
}

TEST(Lowerings, StepsAndComparisons) {
  const double infinity = INFINITY;
  const DoubleTensor x({2, 5}, {-2.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5, infinity, -infinity, NAN});
  for (const char* op : {"Not", "IsInf", "IsNaN"}) ExpectSame(op, {}, {x});
  ExpectSame("IsInf", {{"detect_negative", int64_t{0}}}, {x});
  ExpectSame("IsInf", {{"detect_positive", int64_t{0}}}, {x});
  const DoubleTensor a({2, 4}, {-2.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5, 7}), b({4}, {0, -1.5, 3, -2});
  for (const char* op : {"Ceil", "Floor", "Round"}) ExpectSame(op, {}, {a});
  for (const char* op : {"And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Or", "Xor"}) {
    ExpectSame(op, {}, {a, b});
  }
  const DoubleTensor divisors({4}, {1, -1.5, 3, -2});
  ExpectSameAndDifferentiable("Mod", {}, {DoubleTensor({4}, {-2.4, 2.5, 7.3, 1}), divisors});
  ExpectSameAndDifferentiable("Mod", {{"fmod", int64_t{1}}}, {DoubleTensor({4}, {-2.4, 2.5, 7.3, 1}), divisors});
  Random random(21);
  ExpectSameAndDifferentiable("Where", {},
                              {FloatTensor({4}, {0, 1, 2, 0}), random.Tensor({3, 4}), random.Tensor({3, 1})});
}

TEST(Lowerings, CastsKeepWhatTheTypeWouldHave) {
  const DoubleTensor x({3, 5},
                       {-2.5, -1.5, -0.5, 0, 0.5, 1.5, 127.9, 128, 300.2, -129, 65535.5, 70000, 1e6, -1e6, 0.1});
  for (const int64_t type : {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16}) {
    ExpectSame("Cast", {{"to", type}}, {x});
  }
}

TEST(Lowerings, MoreReductions) {
  Random random(22);
  const DoubleTensor x = random.Tensor({2, 3, 2});
  for (const char* op : {"ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceProd", "ReduceSumSquare"}) {
    for (const int64_t keep : {0, 1}) {
      ExpectSameAndDifferentiable(op, {{"keepdims", keep}}, {x, Int64s({2, -3})});
      ExpectSameAndDifferentiable(op, {{"keepdims", keep}}, {x});
    }
  }
  ExpectSameAndDifferentiable("ReduceLogSum", {}, {Positive(x), Int64s({1})});
  for (const int64_t p : {1, 2}) {
    ExpectSameAndDifferentiable("LpNormalization", {{"p", p}, {"axis", int64_t{1}}}, {x});
    ExpectSame("LpNormalization", {{"p", p}}, {DoubleTensor({2, 2}, {0, 0, 3, 4})});
  }
}

TEST(Lowerings, PiecesAndRepeats) {
  Random random(23);
  const DoubleTensor x = random.Tensor({2, 5, 4, 4});
  ExpectSameAndDifferentiable("Split", {{"axis", int64_t{1}}}, {random.Tensor({2, 5})}, 3);
  ExpectSameAndDifferentiable("Split", {{"axis", int64_t{-1}}}, {random.Tensor({2, 5}), Int64s({1, 3, 1})}, 3);
  ExpectSameAndDifferentiable("Expand", {}, {random.Tensor({3, 1}), Int64s({2, 1, 4})});
  ExpectSameAndDifferentiable("Expand", {}, {random.Tensor({2, 3}), Int64s({1})});
  ExpectSameAndDifferentiable("Tile", {}, {random.Tensor({2, 3}), Int64s({3, 2})});
  ExpectSame("SpaceToDepth", {{"blocksize", int64_t{2}}}, {x});
  for (const char* mode : {"DCR", "CRD"}) {
    ExpectSameAndDifferentiable("DepthToSpace", {{"blocksize", int64_t{2}}, {"mode", std::string(mode)}},
                                {random.Tensor({1, 8, 2, 1})});
  }
  for (const int64_t way : {0, 1, 2, 3}) {
    ExpectSameAndDifferentiable("CumSum", {{"exclusive", way / 2}, {"reverse", way % 2}},
                                {random.Tensor({2, 4}), Int64s({-1})});
  }
  ExpectSame("Shape", {{"start", int64_t{-3}}, {"end", int64_t{3}}}, {x});
  ExpectSame("Size", {}, {x});
}

TEST(Lowerings, Lookups) {
  Random random(24);
  const DoubleTensor x = random.Tensor({3, 4});
  const FloatTensor indices({2, 3}, {0, -1, 2, 1.7f, 2, -3});
  for (const int64_t axis : {0, 1, -1}) ExpectSameAndDifferentiable("Gather", {{"axis", axis}}, {x, indices});
  ExpectSameAndDifferentiable("Gather", {}, {x, FloatTensor({}, {1})});
  for (const int64_t axis : {0, 1}) ExpectSameAndDifferentiable("GatherElements", {{"axis", axis}}, {x, indices});
  ExpectSameAndDifferentiable("GatherND", {}, {x, FloatTensor({2, 2}, {0, -1, 2, 1})});
  ExpectSameAndDifferentiable("GatherND", {}, {x, FloatTensor({2, 1}, {-1, 0})});
  ExpectSameAndDifferentiable("GatherND", {{"batch_dims", int64_t{1}}},
                              {random.Tensor({2, 3, 2}), FloatTensor({2, 2, 1}, {0, -1, 2, 1})});
  const FloatTensor places({2, 3}, {0, 1, 2, 2, 0, 1});
  for (const char* reduction : {"none", "add", "mul", "max", "min"}) {
    const Attribute name = std::string(reduction);
    ExpectSameAndDifferentiable("ScatterElements", {{"axis", int64_t{1}}, {"reduction", name}},
                                {x, places, random.Tensor({2, 3})});
    ExpectSameAndDifferentiable("ScatterND", {{"reduction", name}},
                                {x, FloatTensor({2, 1}, {-1, 0}), random.Tensor({2, 4})});
  }
}

TEST(Lowerings, PositionsOutsideAreMovedInside) {
  const DoubleTensor x({3}, {1, 2, 3}), places({6}, {99, -99, NAN, INFINITY, -INFINITY, 2.9});
  for (const char* op : {"Gather", "GatherElements"}) ExpectSame(op, {}, {x, places});
}

TEST(Lowerings, LimitsMayBeComputed) {
  Random random(29);
  const DoubleTensor x = random.Tensor({3, 4}), low({}, {-0.4}), high({}, {0.3});
  ExpectSameAndDifferentiable("Clip", {}, {x, low, high});
  ExpectSameAndDifferentiable("Clip", {}, {x, std::monostate(), high});
  ExpectSameAndDifferentiable("Clip", {}, {x, low});
  ExpectSame("Clip", {}, {x, high, low});
}

TEST(Lowerings, LayerNormalizationGivesItsStatisticsToo) {
  Random random(30);
  ExpectSameAndDifferentiable("LayerNormalization", {{"axis", int64_t{1}}},
                              {random.Tensor({2, 3, 4}), random.Tensor({3, 4}), random.Tensor({4})}, 3);
}

TEST(Lowerings, ExtremesAlongADimension) {
  const DoubleTensor x({2, 4}, {3, 5, 5, 3, -1, -2, -2, -1});
  for (const char* op : {"ArgMax", "ArgMin"}) {
    for (const int64_t last : {0, 1}) {
      ExpectSame(op, {{"axis", int64_t{1}}, {"select_last_index", last}}, {x});
      ExpectSame(op, {{"axis", int64_t{-2}}, {"keepdims", int64_t{0}}, {"select_last_index", last}}, {x});
    }
  }
  ExpectSame("Hardmax", {}, {x});
  ExpectSame("Hardmax", {{"axis", int64_t{0}}}, {x});
  Random random(25);
  for (const int64_t largest : {0, 1}) {
    ExpectSame("TopK", {{"largest", largest}}, {x, Int64s({3})});
    ExpectSameAndDifferentiable("TopK", {{"axis", int64_t{0}}, {"largest", largest}},
                                {random.Tensor({4, 2}), Int64s({2})}, 2);
  }
}

TEST(Lowerings, PadsWithItsOwnElements) {
  Random random(26);
  for (const char* mode : {"edge", "reflect", "wrap"}) {
    const Attributes attributes = {{"mode", std::string(mode)}};
    ExpectSameAndDifferentiable("Pad", attributes, {random.Tensor({2, 1, 3, 4}), Int64s({0, 0, 2, 3, 0, 0, 1, 2})});
    ExpectSameAndDifferentiable("Pad", attributes, {random.Tensor({3, 4}), Int64s({5, -1, 0, -2})});
  }
}

TEST(Lowerings, ResizesInAllWays) {
  Random random(27);
  const DoubleTensor x = random.Tensor({1, 2, 4, 3});
  int compared = 0;
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    for (const char* coordinates : {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric",
                                    "half_pixel_symmetric", "tf_crop_and_resize"}) {
      for (const int64_t exclude : {0, 1}) {
        const bool crops = coordinates == std::string("tf_crop_and_resize");
        const Attributes attributes = {{"mode", std::string(mode)},
                                       {"coordinate_transformation_mode", std::string(coordinates)},
                                       {"exclude_outside", exclude},
                                       {"extrapolation_value", 7.5}};
        const Operand roi = crops ? Operand(FloatTensor({8}, {0, 0, .1f, -.3f, 1, 1, .9f, 1.2f})) : Operand();
        ExpectSameAndDifferentiable("Resize", attributes, {x, roi, FloatTensor({4}, {1, 1, 2.1f, .7f})});
        ExpectSameAndDifferentiable("Resize", attributes, {x, roi, Operand(), Int64s({1, 2, 3, 7})});
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 36);
}

// X, W, R, B, lengths, first states and peepholes, all of them inputs, so that all have gradients.
std::vector<Operand> Sequences(const std::string& op, int64_t directions, bool batch_first, Random* random) {
  constexpr int64_t kSteps = 4, kBatch = 3, kInputs = 2, kHidden = 2;
  const int64_t rows = kHidden * (op == "RNN" ? 1 : op == "GRU" ? 3 : 4);
  const Shape states = batch_first ? Shape{kBatch, directions, kHidden} : Shape{directions, kBatch, kHidden};
  std::vector<Operand> operands = {
      random->Tensor(batch_first ? Shape{kBatch, kSteps, kInputs} : Shape{kSteps, kBatch, kInputs}),
      random->Tensor({directions, rows, kInputs}),
      random->Tensor({directions, rows, kHidden}),
      random->Tensor({directions, 2 * rows}),
      FloatTensor({kBatch}, {4, 1, 2}),
      random->Tensor(states)};
  if (op == "LSTM") {
    operands.emplace_back(random->Tensor(states));
    operands.emplace_back(random->Tensor({directions, 3 * kHidden}));
  }
  return operands;
}

TEST(Lowerings, RecurrentNetworks) {
  Random random(28);
  for (const std::string op : {"RNN", "GRU", "LSTM"}) {
    const size_t outputs = op == "LSTM" ? 3 : 2;
    for (const std::string direction : {"forward", "reverse", "bidirectional"}) {
      for (const int64_t batch_first : {0, 1}) {
        const int64_t directions = direction == "bidirectional" ? 2 : 1;
        std::vector<Operand> all = Sequences(op, directions, batch_first != 0, &random);
        Attributes attributes = {{"direction", direction}, {"layout", batch_first}};
        ExpectSameAndDifferentiable(op, attributes, all, outputs);
        if (op == "GRU") attributes["linear_before_reset"] = int64_t{1};
        attributes["clip"] = 0.7;
        ExpectSameAndDifferentiable(op, attributes, {all[0], all[1], all[2]}, outputs);
      }
    }
  }
  std::vector<Operand> two = Sequences("RNN", 2, false, &random);
  ExpectSameAndDifferentiable(
      "RNN", {{"direction", std::string("bidirectional")}, {"activations", std::string("Sigmoid,Tanh")}}, two, 2);
  ExpectSame(
      "GRU", {{"activations", std::string("Relu,Relu")}},
      {Sequences("GRU", 1, false, &random)[0], Narrow(random.Tensor({1, 6, 2})), Narrow(random.Tensor({1, 6, 2}))});
  // As the integer form has it.
  ExpectSame("Recurrence", {{"cell", std::string("LSTM")}, {"hidden_bits", int64_t{4}}},
             {Narrow(random.Tensor({4, 3, 8})), FloatTensor({1, 8, 2}, std::vector<float>(16, 3)),
              Narrow(random.Tensor({1, 8}))});
}

// Any attributes of a sliding window; some combinations are not valid.
Attributes RandomWindow(Random* random, bool dilations) {
  Attributes attributes;
  attributes["strides"] = Ints{1 + random->Below(3), 1 + random->Below(3)};
  if (dilations && random->Below(3) == 0) attributes["dilations"] = Ints{1 + random->Below(2), 1 + random->Below(2)};
  const int64_t padding = random->Below(4);
  if (padding == 0) attributes["auto_pad"] = std::string(random->Below(2) ? "SAME_UPPER" : "SAME_LOWER");
  if (padding == 1) attributes["pads"] = Ints{1, 1, 1, 1};
  if (padding == 2) attributes["pads"] = Ints{random->Below(3), random->Below(3), random->Below(3), random->Below(3)};
  return attributes;
}

std::string Describe(const Attributes& attributes) {
  std::string text;
  for (const auto& [name, value] : attributes) {
    text.append(" ").append(name);
    if (const auto* list = std::get_if<Ints>(&value)) text.append(ToString(*list));
    if (const auto* number = std::get_if<int64_t>(&value)) text.append(" ").append(std::to_string(*number));
  }
  return text;
}

// Compares what is valid; returns 1 if it was.
int CompareIfValid(const std::string& op, const Attributes& attributes, std::vector<Operand> operands) {
  const SingleNode made = MakeSingleNode(op, attributes, std::move(operands));
  if (!Validate(made.graph).ok()) return 0;
  ExpectSameResults(made, op + Describe(attributes));
  return 1;
}

TEST(Lowerings, ConvolutionsOfRandomGeometry) {
  Random random(5);
  int compared = 0;
  for (int i = 0; i < 80; ++i) {
    const int64_t groups = 1 + random.Below(2), kernel_y = 1 + random.Below(4), kernel_x = 1 + random.Below(4);
    Attributes attributes = RandomWindow(&random, true);
    attributes["group"] = groups;
    std::vector<Operand> operands = {random.Tensor({2, 4, 5 + random.Below(5), 7}),
                                     Narrow(random.Tensor({6, 4 / groups, kernel_y, kernel_x}))};
    if (random.Below(2)) operands.emplace_back(Narrow(random.Tensor({6})));
    compared += CompareIfValid("Conv", attributes, std::move(operands));
  }
  EXPECT_GT(compared, 60);
}

TEST(Lowerings, TransposedConvolutionsOfRandomGeometry) {
  Random random(6);
  int compared = 0;
  for (int i = 0; i < 60; ++i) {
    const int64_t groups = 1 + random.Below(2);
    Attributes attributes = RandomWindow(&random, true);
    attributes.erase("auto_pad");
    attributes["group"] = groups;
    if (random.Below(2)) attributes["output_padding"] = Ints{random.Below(2), random.Below(2)};
    std::vector<Operand> operands = {random.Tensor({2, 4, 4, 3}),
                                     Narrow(random.Tensor({4, 3, 1 + random.Below(4), 1 + random.Below(4)}))};
    if (random.Below(2)) operands.emplace_back(Narrow(random.Tensor({3 * groups})));
    compared += CompareIfValid("ConvTranspose", attributes, std::move(operands));
  }
  EXPECT_GT(compared, 20);
}

TEST(Lowerings, PoolsOfRandomGeometry) {
  Random random(7);
  for (const std::string op : {"MaxPool", "AveragePool"}) {
    int compared = 0;
    for (int i = 0; i < 150; ++i) {
      Attributes attributes = RandomWindow(&random, op == "MaxPool");
      attributes["kernel_shape"] = Ints{1 + random.Below(4), 1 + random.Below(4)};
      attributes["ceil_mode"] = random.Below(2);
      if (op == "AveragePool") attributes["count_include_pad"] = random.Below(2);
      compared += CompareIfValid(op, attributes, {random.Tensor({2, 3, 5 + random.Below(5), 7})});
    }
    EXPECT_GT(compared, 80);
  }
}

}  // namespace
}  // namespace lowbit::train
