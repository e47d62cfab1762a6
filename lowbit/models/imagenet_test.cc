// The networks for ImageNet against the figures of their sources: weights, parameters, multiply-accumulates, shapes, and
// the names that published checkpoints use.

#include <gtest/gtest.h>

#include "lowbit/core/cost.h"
#include "lowbit/core/validate.h"
#include "lowbit/models/model.h"

namespace lowbit::models {
namespace {

using Role = ParameterTraits::Role;

Config Options(ConfigTable table) { return {std::move(table), ""}; }

Config ResNet(int64_t depth, const std::string& variant) {
  return Options({{"depth", Config{depth, ""}}, {"variant", Config{variant, ""}}});
}

// The network for 1000 classes, its values not drawn: these tests look at shapes, and 60 million draws take a second.
Graph Layout(const std::string& name, const Config& options, int64_t extent = 224) {
  ModelInput input;
  input.image = {3, extent, extent};
  input.classes = 1000;
  for (const networks::ShelfEntry& entry : networks::ShelfEntries()) {
    if (name == entry.name) return entry.function(input, options).value();
  }
  ADD_FAILURE() << "no network " << name;
  return {};
}

int64_t Count(const Graph& graph, Role role) {
  int64_t count = 0;
  for (const auto& [name, parameter] : graph.parameters) {
    if (parameter.traits.role == role) count += Elements(parameter.shape());
  }
  return count;
}

int64_t Weights(const Graph& graph) { return Count(graph, Role::kWeight); }
// What PyTorch counts: everything that is trained.
int64_t Parameters(const Graph& graph) { return Weights(graph) + Count(graph, Role::kBias); }

double GigaMacs(const Graph& graph) {
  int64_t sum = 0;
  const std::vector<NodeCost> costs = Costs(graph).value();
  for (const NodeCost& cost : costs) sum += cost.macs;
  return static_cast<double>(sum) / 1e9;
}

int64_t CountOps(const Graph& graph, const std::string& op) {
  int64_t count = 0;
  for (const Node& node : graph.nodes) count += node.op == op;
  return count;
}

Shape ShapeOf(const Graph& graph, const std::string& value) { return InferShapes(graph, 1).value().at(value); }

void ExpectShapes(const Graph& graph, const std::map<std::string, Shape>& expected) {
  for (const auto& [name, shape] : expected) {
    ASSERT_EQ(graph.parameters.count(name), 1u) << name;
    EXPECT_EQ(graph.parameters.at(name).shape(), shape) << name;
  }
}

void ExpectTraits(const Graph& graph, const std::string& name, double rate, double decay) {
  EXPECT_EQ(graph.parameters.at(name).traits.learning_rate_multiplier, rate);
  EXPECT_EQ(graph.parameters.at(name).traits.decay_multiplier, decay);
}

TEST(AlexNetBn, HasThePublishedSize) {
  const Graph graph = Layout("alexnet_bn", Config());
  EXPECT_EQ(Weights(graph), 62367776);
  EXPECT_EQ(CountOps(graph, "Conv"), 5);
  EXPECT_EQ(CountOps(graph, "BatchNormalization"), 7);
  EXPECT_EQ(CountOps(graph, "Dropout"), 2);
  // 224 -> 55 -> 27 -> 13 -> 6: pools round up.
  EXPECT_EQ(ShapeOf(graph, "conv1"), (Shape{1, 96, 55, 55}));
  EXPECT_EQ(ShapeOf(graph, "pool1"), (Shape{1, 96, 27, 27}));
  EXPECT_EQ(ShapeOf(graph, "pool2"), (Shape{1, 256, 13, 13}));
  EXPECT_EQ(ShapeOf(graph, "pool5"), (Shape{1, 256, 6, 6}));
  ExpectShapes(graph, {{"conv2.weight", {256, 96, 5, 5}}, {"fc6.weight", {4096, 9216}}, {"fc8.bias", {1000}}});
  EXPECT_EQ(graph.parameters.count("conv1.bias"), 0u);
  EXPECT_EQ(graph.parameters.count("fc7.bias"), 0u);
  ExpectTraits(graph, "fc8.bias", 2, 0);
}

TEST(SqResNet18, HasThePublishedSize) {
  const Graph graph = Layout("resnet", ResNet(18, "sq"));
  EXPECT_EQ(Weights(graph), 11683008);
  EXPECT_EQ(CountOps(graph, "Conv"), 21);
  EXPECT_EQ(CountOps(graph, "Relu"), 17);  // One after each sum too.
  EXPECT_EQ(ShapeOf(graph, "maxpool"), (Shape{1, 64, 56, 56}));
  EXPECT_EQ(ShapeOf(graph, "layer4.1.relu"), (Shape{1, 512, 7, 7}));
  ExpectShapes(graph, {{"layer1.0.downsample.0.weight", {64, 64, 1, 1}}});
  EXPECT_EQ(graph.parameters.count("conv1.bias"), 0u);
  ExpectTraits(graph, "fc.bias", 2, 1);
}

// torchvision's documentation: parameters, and GFLOPS (multiply-accumulates) with two decimals. One block of ResNet-34
// less is a hundredth of its work.
TEST(TorchvisionResNet, HasTheUsualSizes) {
  struct Size {
    int64_t depth, parameters;
    double giga_macs;
  };
  for (const Size& size : {Size{18, 11689512, 1.81}, Size{34, 21797672, 3.66}, Size{50, 25557032, 4.09},
                           Size{101, 44549160, 7.80}, Size{152, 60192808, 11.51}}) {
    const Graph graph = Layout("resnet", ResNet(size.depth, "torchvision"));
    EXPECT_EQ(Parameters(graph), size.parameters) << size.depth;
    EXPECT_NEAR(GigaMacs(graph), size.giga_macs, 0.0051) << size.depth;
  }
}

TEST(TorchvisionResNet, HasTheUsualNamesAndShapes) {
  const Graph basic = Layout("resnet", Config());
  ExpectShapes(basic, {{"conv1.weight", {64, 3, 7, 7}},
                       {"bn1.mean", {64}},
                       {"layer1.0.conv2.weight", {64, 64, 3, 3}},
                       {"layer2.0.downsample.0.weight", {128, 64, 1, 1}},
                       {"layer2.0.downsample.1.var", {128}},
                       {"layer4.1.bn2.scale", {512}},
                       {"fc.weight", {1000, 512}},
                       {"fc.bias", {1000}}});
  EXPECT_EQ(basic.parameters.count("layer1.0.downsample.0.weight"), 0u);
  EXPECT_EQ(basic.parameters.count("layer2.1.downsample.0.weight"), 0u);
  ExpectTraits(basic, "fc.bias", 1, 1);

  const Graph bottleneck = Layout("resnet", ResNet(50, "torchvision"));
  ExpectShapes(bottleneck, {{"layer1.0.conv1.weight", {64, 64, 1, 1}},
                            {"layer1.0.conv3.weight", {256, 64, 1, 1}},
                            {"layer1.0.downsample.0.weight", {256, 64, 1, 1}},
                            {"layer2.0.conv2.weight", {128, 128, 3, 3}},
                            {"layer4.2.bn3.bias", {2048}},
                            {"fc.weight", {1000, 2048}}});
  // The stride is the 3x3 convolution's.
  EXPECT_EQ(ShapeOf(bottleneck, "layer2.0.conv1"), (Shape{1, 128, 56, 56}));
  EXPECT_EQ(ShapeOf(bottleneck, "layer2.0.conv2"), (Shape{1, 128, 28, 28}));
}

// ResNet-18's convolutions, one to a block, each with a shortcut around it.
TEST(BiRealResNet, HasTheSizeOfResNet18) {
  const Graph graph = Layout("bireal_resnet", Config());
  EXPECT_EQ(Weights(graph), 11678912);
  EXPECT_EQ(Weights(graph), Weights(Layout("resnet", Config())));
  EXPECT_EQ(CountOps(graph, "Add"), 16);
  EXPECT_EQ(CountOps(graph, "PRelu"), 16);
  EXPECT_EQ(CountOps(graph, "AveragePool"), 3);
  EXPECT_EQ(CountOps(graph, "BatchNormalization"), 20);
  EXPECT_EQ(ShapeOf(graph, "layer1.3.add"), (Shape{1, 64, 56, 56}));
  EXPECT_EQ(ShapeOf(graph, "layer4.3.add"), (Shape{1, 512, 7, 7}));
  ExpectShapes(graph, {{"layer2.0.downsample.1.weight", {128, 64, 1, 1}}, {"layer4.0.prelu.slope", {512, 1, 1}}});
}

TEST(MobileNetV2, HasTheUsualSize) {
  const Graph graph = Layout("mobilenet_v2", Config());
  EXPECT_EQ(Parameters(graph), 3504872);
  EXPECT_NEAR(GigaMacs(graph), 0.300, 0.0015);
  EXPECT_EQ(CountOps(graph, "Conv"), 52);
  EXPECT_EQ(CountOps(graph, "Clip"), 35);
  EXPECT_EQ(CountOps(graph, "Add"), 10);
  EXPECT_EQ(ShapeOf(graph, "features.18.2"), (Shape{1, 1280, 7, 7}));
}

TEST(MobileNetV2, HasTheUsualNamesAndShapes) {
  ExpectShapes(Layout("mobilenet_v2", Config()), {{"features.0.0.weight", {32, 3, 3, 3}},
                                                  {"features.0.1.mean", {32}},
                                                  {"features.1.conv.0.0.weight", {32, 1, 3, 3}},
                                                  {"features.1.conv.1.weight", {16, 32, 1, 1}},
                                                  {"features.1.conv.2.scale", {16}},
                                                  {"features.2.conv.0.0.weight", {96, 16, 1, 1}},
                                                  {"features.2.conv.1.0.weight", {96, 1, 3, 3}},
                                                  {"features.2.conv.2.weight", {24, 96, 1, 1}},
                                                  {"features.17.conv.3.var", {320}},
                                                  {"features.18.0.weight", {1280, 320, 1, 1}},
                                                  {"classifier.1.weight", {1000, 1280}},
                                                  {"classifier.1.bias", {1000}}});
}

// The paper's table 8: 4.2 million parameters and 569 million multiply-accumulates; at a quarter of the width 41 million.
TEST(MobileNetV1, HasThePublishedSize) {
  const Graph whole = Layout("mobilenet_v1", Config());
  EXPECT_EQ(Parameters(whole), 4231976);
  EXPECT_NEAR(GigaMacs(whole), 0.569, 0.0005);
  const Graph quarter = Layout("mobilenet_v1", Options({{"width", Config{0.25, ""}}, {"slope", Config{0.1, ""}}}));
  EXPECT_EQ(Parameters(quarter), 470072);
  EXPECT_NEAR(GigaMacs(quarter), 0.041, 0.0005);
  EXPECT_EQ(CountOps(quarter, "Conv"), 27);
  EXPECT_EQ(CountOps(quarter, "LeakyRelu"), 27);
  EXPECT_EQ(ShapeOf(quarter, "stage3.1.5"), (Shape{1, 256, 7, 7}));
  ExpectShapes(quarter, {{"stage1.0.0.weight", {8, 3, 3, 3}},
                         {"stage1.1.0.weight", {8, 1, 3, 3}},
                         {"stage1.1.4.var", {16}},
                         {"stage2.5.3.weight", {128, 128, 1, 1}},
                         {"stage3.1.4.scale", {256}},
                         {"fc.weight", {1000, 256}}});
}

// torchvision's documentation: parameters, and GFLOPS (multiply-accumulates) of images of 224 pixels with two decimals.
TEST(SqueezeNet, HasThePublishedSize) {
  const Graph graph = Layout("squeezenet", Config(), 227);
  EXPECT_EQ(Parameters(graph), 1235496);
  EXPECT_NEAR(GigaMacs(Layout("squeezenet", Config(), 224)), 0.35, 0.0051);
  EXPECT_EQ(CountOps(graph, "Conv"), 26);
  EXPECT_EQ(CountOps(graph, "Concat"), 8);
  EXPECT_EQ(CountOps(graph, "Gather"), 0);
  // 227 -> 113 -> 56 -> 28 -> 14: pools round up.
  EXPECT_EQ(ShapeOf(graph, "conv1"), (Shape{1, 64, 113, 113}));
  EXPECT_EQ(ShapeOf(graph, "fire2.concat"), (Shape{1, 128, 56, 56}));
  EXPECT_EQ(ShapeOf(graph, "fire5.concat"), (Shape{1, 256, 28, 28}));
  EXPECT_EQ(ShapeOf(graph, "conv10"), (Shape{1, 1000, 14, 14}));
  ExpectShapes(graph, {{"conv1.bias", {64}},
                       {"fire2.squeeze1x1.weight", {16, 64, 1, 1}},
                       {"fire9.expand3x3.weight", {256, 64, 3, 3}},
                       {"conv10.weight", {1000, 512, 1, 1}}});
  EXPECT_EQ(CountOps(Layout("squeezenet", Options({{"bgr", Config{true, ""}}}), 227), "Gather"), 1);
}

// Channels stay multiples of 8: 24 * 0.75 = 18 would round to 16, more than a tenth too small.
TEST(MobileNetV2, WidensInMultiplesOfEight) {
  const Graph narrow = Layout("mobilenet_v2", Options({{"width", Config{0.75, ""}}}));
  ExpectShapes(narrow, {{"features.2.conv.2.weight", {24, 96, 1, 1}}, {"features.18.0.weight", {1280, 240, 1, 1}}});
  const Graph wide = Layout("mobilenet_v2", Options({{"width", Config{1.4, ""}}}));
  ExpectShapes(wide, {{"features.0.0.weight", {48, 3, 3, 3}}, {"features.18.0.weight", {1792, 448, 1, 1}}});
}

}  // namespace
}  // namespace lowbit::models
