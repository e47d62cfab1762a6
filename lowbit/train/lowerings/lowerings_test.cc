// Every operator's lowering against its plain definition in core, in double.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <random>
#include <stdexcept>

#include "lowbit/core/level_grid.h"
#include "lowbit/core/operator.h"
#include "lowbit/core/testing/single_node.h"
#include "lowbit/train/lowering.h"
#include "lowbit/train/network.h"
#include "lowbit/train/test_devices.h"

namespace lowbit::train {
namespace {

using lowbit::testing::Int64s;
using lowbit::testing::Ints;
using lowbit::testing::MakeSingleNode;
using lowbit::testing::Narrow;
using lowbit::testing::Operand;
using lowbit::testing::SingleNode;

// Sums of at most a thousand products of values below 100 in double, in another order.
constexpr double kTolerance = 1e-8;

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  int64_t Below(int64_t bound) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(bound)); }
  // Normal; float values, so that parameters and inputs have the same ones.
  DoubleTensor Tensor(Shape shape) {
    DoubleTensor tensor(std::move(shape));
    for (double& value : tensor.data) value = static_cast<float>(normal_(engine_));
    return tensor;
  }

 private:
  std::mt19937 engine_;
  std::normal_distribution<double> normal_;
};

at::Tensor ToTorch(const DoubleTensor& tensor) { return at::tensor(tensor.data, at::kDouble).view(tensor.shape); }

void ExpectSameResults(const SingleNode& made, const std::string& what) {
  const auto expected = Evaluate(made.graph, made.inputs);
  ASSERT_TRUE(expected.ok()) << what << expected.error().message;
  NetworkOptions options;
  options.arithmetic = Arithmetic::kFloat64;
  std::vector<at::Tensor> inputs;
  for (const GraphInput& input : made.graph.inputs) inputs.push_back(ToTorch(made.inputs.at(input.name)));
  const at::NoGradGuard no_grad;
  const at::Tensor wanted = ToTorch(expected.value().at("out"));
  for (const std::string& device : Devices()) {
    options.device = device;
    const at::Tensor got = Network::Create(made.graph, options).Run(inputs, Mode::kEval, {}).at(0).to(at::kCPU);
    ASSERT_EQ(got.sizes(), wanted.sizes()) << what << " on " << device;
    EXPECT_TRUE(got.allclose(wanted, kTolerance, kTolerance)) << what << " on " << device;
  }
}

void ExpectSame(const std::string& op, Attributes attributes, std::vector<Operand> operands) {
  ExpectSameResults(MakeSingleNode(op, std::move(attributes), std::move(operands)), op);
}

TEST(Lowerings, AreOfOperatorsAndOthersAreRefused) {
  for (const auto& [name, lower] : Lowerings()) EXPECT_NE(FindOperator(name), nullptr) << name;
  const SingleNode made = MakeSingleNode("Acosh", {}, {DoubleTensor({2, 3})});
  EXPECT_THROW(Network::Create(made.graph, NetworkOptions()), std::invalid_argument);
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

// --- Quantizers.

struct QuantCase {
  float scale, zero_point, bits;
  int64_t is_signed, narrow;
};

const std::vector<QuantCase> kQuantCases = {{.3f, 0, 8, 1, 0}, {.05f, 0, 4, 0, 0}, {.25f, 3, 3, 0, 1},
                                            {.5f, 0, 2, 1, 1}, {1, -2, 5, 1, 0},   {.125f, 0, 24, 1, 0},
                                            {.5f, 0, 1, 0, 0}};

SingleNode MakeQuant(const QuantCase& c, DoubleTensor x) {
  return MakeSingleNode(
      "Quant", {{"signed", c.is_signed}, {"narrow", c.narrow}},
      {std::move(x), FloatTensor({}, {c.scale}), FloatTensor({}, {c.zero_point}), FloatTensor({1}, {c.bits})});
}

TEST(Lowerings, Quantizers) {
  Random random(8);
  for (const QuantCase& c : kQuantCases) ExpectSameResults(MakeQuant(c, random.Tensor({2, 3, 4, 5})), "Quant");
  for (const float scale : {1.0f, .3f}) {
    ExpectSame("BipolarQuant", {}, {random.Tensor({2, 3, 4, 5}), FloatTensor({}, {scale})});
    ExpectSame("BipolarQuant", {}, {DoubleTensor({5}, {0, -0.0, NAN, INFINITY, -1e-30}), FloatTensor({}, {scale})});
  }
}

SingleNode MakeLevelQuant(DoubleTensor x, float scale) {
  const LevelGrid grid = ElasticLevels(2, 1, true);
  const auto vector = [](const std::vector<float>& values) {
    return FloatTensor({static_cast<int64_t>(values.size())}, values);
  };
  return MakeSingleNode("LevelQuant", {},
                        {std::move(x), FloatTensor({}, {scale}), vector(grid.thresholds), vector(grid.levels)});
}

TEST(Lowerings, LevelsOfAnyKind) {
  Random random(9);
  ExpectSameResults(MakeLevelQuant(random.Tensor({2, 3, 4, 5}), .3f), "LevelQuant");
  ExpectSameResults(MakeLevelQuant(DoubleTensor({6}, {5, -5, 7, NAN, INFINITY, -INFINITY}), 1), "ties and ends");
}

// Multiples of 1/8 around both ends, which floats hold exactly, and what is far out; in two columns.
DoubleTensor Ties() {
  DoubleTensor x({0});
  for (int i = -80; i < 80; ++i) x.data.push_back(i / 8.0);
  const double infinity = INFINITY, far_out[] = {NAN, infinity, -infinity, 1e30, -1e30, -1e-30, 3e9, -3e9};
  x.data.insert(x.data.end(), std::begin(far_out), std::end(far_out));
  x.shape = {static_cast<int64_t>(x.data.size()) / 2, 2};
  return x;
}

// In float, and on memory in which others' values lie between (tensor operations, as on a GPU).
TEST(Lowerings, QuantizersInFloat) {
  const DoubleTensor x = Ties();
  for (const QuantCase& c : kQuantCases) {
    if (c.scale == .3f || c.scale == .05f) continue;  // Their inverse is rounded.
    const SingleNode made = MakeQuant(c, x);
    const at::Tensor expected = ToTorch(Evaluate(made.graph, made.inputs).value().at("out")).to(at::kFloat);
    Network network = Network::Create(made.graph, {});
    const at::Tensor plain = ToTorch(x).to(at::kFloat), wide = at::zeros({x.shape[0], 3});
    const at::Tensor view = wide.narrow(1, 0, 2).copy_(plain);
    EXPECT_TRUE(network.Run({plain}, Mode::kEval, {}).at(0).equal(expected)) << c.bits;
    EXPECT_TRUE(network.Run({view}, Mode::kEval, {}).at(0).equal(expected)) << c.bits;
  }
}

// dL/dx of L = sum of (i + 1) y[i].
std::vector<float> GradientOf(const SingleNode& made, const at::Tensor& x, const NetworkOptions& options = {}) {
  Network network = Network::Create(made.graph, options);
  const at::Tensor leaf = x.detach().requires_grad_(true);
  const at::Tensor y = network.Run({leaf}, Mode::kTrain, {}).at(0);
  (y * at::arange(1, y.numel() + 1).view_as(y)).sum().backward();
  const at::Tensor gradient = leaf.grad().contiguous();
  return {gradient.data_ptr<float>(), gradient.data_ptr<float>() + gradient.numel()};
}

TEST(Lowerings, GradientsOfQuantizersAreThoseOfClipping) {
  // Signed, two bits, scale .5: from -1 to .5. Both ends belong to it.
  const DoubleTensor x({1, 8}, {-1.25, -1, -.9, 0, .3, .5, .75, NAN});
  const SingleNode quant = MakeQuant({.5f, 0, 2, 1, 0}, x);
  const std::vector<float> expected = {0, 2, 3, 4, 5, 6, 0, 0};
  EXPECT_EQ(GradientOf(quant, ToTorch(x).to(at::kFloat)), expected);
  EXPECT_EQ(GradientOf(quant, ToTorch(x).to(at::kFloat).repeat({1, 2}).narrow(1, 8, 8)), expected);
  // Unsigned, zero point 1: from -.5 to 1.
  EXPECT_EQ(GradientOf(MakeQuant({.5f, 1, 2, 0, 0}, x), ToTorch(x).to(at::kFloat)),
            (std::vector<float>{0, 0, 0, 4, 5, 6, 7, 0}));
  const SingleNode signs = MakeSingleNode("BipolarQuant", {}, {x, FloatTensor({}, {.75f})});
  EXPECT_EQ(GradientOf(signs, ToTorch(x).to(at::kFloat)), (std::vector<float>{0, 0, 0, 4, 5, 6, 7, 0}));
}

TEST(Lowerings, GradientsOfLevelsGoStraightThroughOrEndWithThem) {
  const DoubleTensor x({5}, {-100, -.2, .1, 3, 100});
  const SingleNode levels = MakeLevelQuant(x, .5f);
  EXPECT_EQ(GradientOf(levels, ToTorch(x).to(at::kFloat)), (std::vector<float>{1, 2, 3, 4, 5}));
  ActivationMethod clipped;
  clipped.levels_clip_gradient = true;
  NetworkOptions options;
  options.activation = std::make_shared<ActivationMethod>(clipped);
  EXPECT_EQ(GradientOf(levels, ToTorch(x).to(at::kFloat), options), (std::vector<float>{0, 2, 3, 4, 0}));
}

TEST(Lowerings, AQuantizerNeedsAScaleToDivideBy) {
  Network network = Network::Create(MakeQuant({1e-42f, 0, 8, 1, 0}, DoubleTensor({1}, {1})).graph, {});
  EXPECT_THROW(network.Run({at::ones({1})}, Mode::kEval, {}), std::invalid_argument);
}

}  // namespace
}  // namespace lowbit::train
