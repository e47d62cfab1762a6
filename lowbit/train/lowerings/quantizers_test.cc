// Quantizers of activations as nodes: Quant, BipolarQuant, LevelQuant.

#include <cmath>
#include <memory>
#include <stdexcept>

#include "lowbit/core/level_grid.h"
#include "lowbit/train/activation_method.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/test_lowerings.h"

namespace lowbit::train {
namespace {

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
  SingleNode learned = MakeQuant({.5f, 0, 8, 1, 0}, DoubleTensor({1}, {1}));
  Parameter& scale = learned.graph.parameters.at(learned.graph.nodes[0].inputs[1]);
  scale.traits.role = ParameterTraits::Role::kBias;
  Network other = Network::Create(learned.graph, {});
  other.Parameters().at(0).tensor.detach().fill_(-.25f);
  try {
    other.Run({at::ones({1})}, Mode::kTrain, {});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("a learned scale became -0.25"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace lowbit::train
