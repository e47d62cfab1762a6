// The networks against the figures of their sources.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lowbit/core/cost.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/validate.h"
#include "lowbit/models/model.h"

namespace lowbit::models {
namespace {

using Role = ParameterTraits::Role;

Config Text(const std::string& value) { return {value, ""}; }
Config Number(int64_t value) { return {value, ""}; }
Config Real(double value) { return {value, ""}; }
Config Options(ConfigTable table) { return {std::move(table), ""}; }

ModelInput Images(int64_t channels, int64_t height, int64_t width, int64_t classes) {
  ModelInput input;
  input.image = {channels, height, width};
  input.classes = classes;
  return input;
}

int64_t Weights(const Graph& graph) {
  int64_t count = 0;
  for (const auto& [name, parameter] : graph.parameters) {
    if (parameter.traits.role == Role::kWeight) count += Elements(parameter.shape());
  }
  return count;
}

int64_t Macs(const Graph& graph) {
  int64_t sum = 0;
  const std::vector<NodeCost> costs = Costs(graph).value();
  for (const NodeCost& cost : costs) sum += cost.macs;
  return sum;
}

const Node* FindNode(const Graph& graph, const std::string& name) {
  for (const Node& node : graph.nodes) {
    if (node.name == name) return &node;
  }
  return nullptr;
}

int64_t CountOps(const Graph& graph, const std::string& op) {
  int64_t count = 0;
  for (const Node& node : graph.nodes) count += node.op == op;
  return count;
}

std::string ErrorOf(const Result<Graph>& result) { return result.ok() ? "" : result.error().message; }

const FloatTensor& Floats(const Graph& graph, const std::string& name) {
  return std::get<FloatTensor>(graph.parameters.at(name).value);
}

struct Moments {
  double mean = 0, deviation = 0;
};

Moments MomentsOf(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const float v : values) sum += v, squares += static_cast<double>(v) * v;
  const double n = static_cast<double>(values.size());
  return {sum / n, std::sqrt(squares / n - sum / n * sum / n)};
}

TEST(Models, ListsItsNetworks) {
  EXPECT_EQ(ModelNames(), (std::vector<std::string>{"alexnet_bn", "bireal_resnet", "fcn", "lenet5", "mobilenet_v1",
                                                    "mobilenet_v2", "resnet", "resnet_cifar", "small", "speech_rnn",
                                                    "squeezenet", "vdsr", "vgg9", "vgg_cifar"}));
  const Result<Graph> unknown = BuildModel("vgg_9", Images(3, 32, 32, 10), Options({}), 1);
  EXPECT_NE(ErrorOf(unknown).find("did you mean 'vgg9'"), std::string::npos) << ErrorOf(unknown);
}

// Kim et al., CVPR 2016, figure 2: 20 convolutions of 64 channels; the ports without biases.
TEST(Models, VdsrAddsToItsImage) {
  ModelInput input = Images(1, 5, 6, 0);
  input.scale = {1 / 255.0f};
  Graph graph = BuildModel("vdsr", input, Options({}), 1).value();
  EXPECT_EQ(CountOps(graph, "Conv"), 20);
  EXPECT_EQ(Weights(graph), 18 * 64 * 64 * 9 + 2 * 64 * 9);
  EXPECT_EQ(graph.parameters.at("residual_layer.17.conv.weight").shape(), (Shape{64, 64, 3, 3}));
  // Without anything to add it gives back the image.
  auto& last = std::get<FloatTensor>(graph.parameters.at("output.weight").value).data;
  std::fill(last.begin(), last.end(), 0.0f);
  const DoubleTensor image({1, 1, 5, 6}, std::vector<double>(30, 77));
  EXPECT_EQ(Evaluate(graph, {{"image", image}}).value().at("logits").data, image.data);
}

// AlexNet's first convolution and its three unpadded pools leave nothing of smaller images.
int64_t SmallestImage(const std::string& name) { return name == "alexnet_bn" ? 51 : 28; }

bool MakesImages(const std::string& name) { return name == "vdsr"; }
bool MakesMaps(const std::string& name) { return name == "fcn"; }

TEST(Models, EveryNetworkTakesItsShapesFromTheData) {
  for (const std::string& name : ModelNames()) {
    const Config narrow = Options({{"width", MakesImages(name) ? Number(8) : Real(MakesMaps(name) ? 0.03125 : 0.25)}});
    for (const int64_t classes : {int64_t{10}, int64_t{100}, int64_t{7}}) {
      for (const int64_t channels : {int64_t{1}, int64_t{3}}) {
        for (const int64_t more : {0, 4, 7}) {
          const int64_t extent = MakesMaps(name) ? 16 * (more + 1) : SmallestImage(name) + more;
          const Result<Graph> graph = BuildModel(name, Images(channels, extent, extent, classes), narrow, 1);
          ASSERT_TRUE(graph.ok()) << name << ": " << ErrorOf(graph);
          EXPECT_EQ(graph.value().inputs[0].shape, (Shape{kDynamic, channels, extent, extent}));
          EXPECT_EQ(graph.value().outputs, std::vector<std::string>{"logits"});
          const Shape map = {3, MakesImages(name) ? channels : classes, extent, extent};
          const Shape expected = MakesImages(name) || MakesMaps(name) ? map : Shape{3, classes};
          EXPECT_EQ(InferShapes(graph.value(), 3).value().at("logits"), expected);
        }
      }
    }
  }
}

TEST(Models, RejectBadImagesAndOptions) {
  for (const std::string& name : ModelNames()) {
    EXPECT_NE(ErrorOf(BuildModel(name, Images(0, 64, 64, 10), Options({}), 1)).find("image shape"), std::string::npos);
    EXPECT_EQ(ErrorOf(BuildModel(name, Images(3, 64, 64, 0), Options({}), 1)).find("classes") != std::string::npos,
              !MakesImages(name));
    const Result<Graph> unknown = BuildModel(name, Images(3, 64, 64, 10), Options({{"widht", Real(1)}}), 1);
    EXPECT_NE(ErrorOf(unknown).find("did you mean 'width'"), std::string::npos) << ErrorOf(unknown);
    ModelInput input = Images(3, 64, 64, 10);
    input.mean = {1, 2};
    EXPECT_NE(ErrorOf(BuildModel(name, input, Options({}), 1)).find("mean has 2 values"), std::string::npos);
    input.mean = {1, NAN, 2};
    EXPECT_NE(ErrorOf(BuildModel(name, input, Options({}), 1)).find("finite"), std::string::npos);
  }
  const Result<Graph> tiny = BuildModel("small", Images(1, 7, 28, 10), Options({}), 1);
  EXPECT_NE(ErrorOf(tiny).find("7x28 is too small"), std::string::npos) << ErrorOf(tiny);
  const Result<Graph> alexnet = BuildModel("alexnet_bn", Images(3, 50, 50, 10), Options({}), 1);
  EXPECT_NE(ErrorOf(alexnet).find("50x50 is too small"), std::string::npos) << ErrorOf(alexnet);
  const Result<Graph> huge = BuildModel("small", Images(1, 4096, 4096, 4096), Options({{"width", Real(64)}}), 1);
  EXPECT_NE(ErrorOf(huge).find("parameters"), std::string::npos) << ErrorOf(huge);
  EXPECT_FALSE(BuildModel("resnet_cifar", Images(3, 32, 32, 10), Options({{"depth", Number(21)}}), 1).ok());
  const Result<Graph> deep = BuildModel("resnet", Images(3, 32, 32, 10), Options({{"depth", Number(20)}}), 1);
  EXPECT_NE(ErrorOf(deep).find("'model.depth' must be one of 18, 34, 50"), std::string::npos) << ErrorOf(deep);
  const Config both = Options({{"variant", Text("sq")}, {"shortcut", Text("A")}});
  EXPECT_FALSE(BuildModel("resnet_cifar", Images(3, 32, 32, 10), both, 1).ok());
}

TEST(Models, Vgg9HasThePublishedSize) {
  const Graph ten = BuildModel("vgg9", Images(3, 32, 32, 10), Options({}), 1).value();
  EXPECT_EQ(Weights(ten), 3508928);
  EXPECT_EQ(Macs(ten), (1728 + 36864) * 1024 + (73728 + 147456) * 256 + (294912 + 589824) * 64 + 2364416);
  EXPECT_EQ(CountOps(ten, "Conv"), 6);
  EXPECT_EQ(CountOps(ten, "Dropout"), 5);
  EXPECT_EQ(ten.parameters.at("fc7.weight").shape(), (Shape{512, 4096}));
  EXPECT_EQ(ten.parameters.count("conv1.bias"), 0u);
  EXPECT_EQ(ten.parameters.count("fc8.bias"), 0u);
  const ParameterTraits& bias = ten.parameters.at("fc9.bias").traits;
  EXPECT_EQ(bias.learning_rate_multiplier, 2);
  EXPECT_EQ(bias.decay_multiplier, 0);
  EXPECT_EQ(Floats(ten, "fc9.bias").data, std::vector<float>(10, 0.01f));
  const Graph hundred = BuildModel("vgg9", Images(3, 32, 32, 100), Options({}), 1).value();
  EXPECT_EQ(Weights(hundred), 3508928 + 90 * 512);
}

TEST(Models, SqResNet56HasThePublishedSize) {
  const Config options = Options({{"depth", Number(56)}, {"variant", Text("sq")}});
  const Graph graph = BuildModel("resnet_cifar", Images(3, 32, 32, 10), options, 1).value();
  EXPECT_EQ(Weights(graph), 859184);
  EXPECT_NEAR(static_cast<double>(Macs(graph)), 126.5e6, 0.05e6);
  EXPECT_EQ(CountOps(graph, "Conv"), 57);
  EXPECT_EQ(CountOps(graph, "Relu"), 28);  // conv1 and one in each block; none after the sums.
  EXPECT_EQ(graph.parameters.at("layer2.0.shortcut.0.weight").shape(), (Shape{32, 16, 2, 2}));
  EXPECT_EQ(graph.parameters.count("layer3.8.conv2.bias"), 1u);
  EXPECT_EQ(graph.parameters.at("linear.bias").traits.learning_rate_multiplier, 2);
  EXPECT_EQ(graph.parameters.at("linear.bias").traits.decay_multiplier, 0);
}

// He et al. give 0.27 M, 0.46 M, 0.66 M and 0.85 M parameters for depth 20, 32, 44 and 56 with shortcut A. Exactly:
// 27 * 16 + 2n * 9 * 16^2 + (9 * 16 * 32 + (2n - 1) * 9 * 32^2) + (9 * 32 * 64 + (2n - 1) * 9 * 64^2) + 640 weights.
TEST(Models, StandardResNetsHaveTheUsualSizes) {
  for (const auto& [depth, weights] :
       std::map<int64_t, int64_t>{{20, 268336}, {32, 461872}, {44, 655408}, {56, 848944}}) {
    const Config options = Options({{"depth", Number(depth)}});
    const Graph graph = BuildModel("resnet_cifar", Images(3, 32, 32, 10), options, 1).value();
    EXPECT_EQ(Weights(graph), weights) << depth;
    EXPECT_EQ(CountOps(graph, "Pad"), 2);
    EXPECT_EQ(CountOps(graph, "Relu"), depth - 1);
    EXPECT_EQ(graph.parameters.count("conv1.bias"), 0u);
  }
  const Config projected = Options({{"shortcut", Text("B")}});
  const Graph graph = BuildModel("resnet_cifar", Images(3, 32, 32, 10), projected, 1).value();
  EXPECT_EQ(Weights(graph), 268336 + 16 * 32 + 32 * 64);
  EXPECT_EQ(CountOps(graph, "Pad"), 0);
}

// (2x128C3)-MP2-(2x256C3)-MP2-(2x512C3)-MP2, 8192 inputs to the first fully connected layer.
TEST(Models, VggSmallAndVgg7HaveTheirSizes) {
  const int64_t convolutions = 9 * (3 * 128 + 128 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512);
  const Graph small = BuildModel("vgg_cifar", Images(3, 32, 32, 10), Options({}), 1).value();
  EXPECT_EQ(Weights(small), convolutions + 8192 * 10);
  EXPECT_EQ(Weights(small), 4656512);
  EXPECT_EQ(FindNode(small, "bn2")->inputs[0], "pool1");
  EXPECT_EQ(CountOps(small, "BatchNormalization"), 6);
  const Graph seven = BuildModel("vgg_cifar", Images(3, 32, 32, 10), Options({{"variant", Text("vgg7")}}), 1).value();
  EXPECT_EQ(Weights(seven), convolutions + 8192 * 1024 + 1024 * 10);
  EXPECT_EQ(Weights(seven), 12973440);
  EXPECT_EQ(FindNode(seven, "pool1")->inputs[0], "relu2");
  EXPECT_EQ(CountOps(seven, "Relu"), 7);
}

TEST(Models, LeNet5HasItsSize) {
  const Graph graph = BuildModel("lenet5", Images(1, 28, 28, 10), Options({}), 1).value();
  EXPECT_EQ(Weights(graph), 25 * 32 + 25 * 32 * 64 + 1024 * 512 + 512 * 10);
  EXPECT_EQ(Weights(graph), 581408);
  EXPECT_EQ(graph.parameters.at("conv2.bias").shape(), Shape{64});
  EXPECT_EQ(CountOps(graph, "BatchNormalization"), 0);
  const Config normalized = Options({{"batch_norm", Config{true, ""}}});
  const Graph other = BuildModel("lenet5", Images(1, 28, 28, 10), normalized, 1).value();
  EXPECT_EQ(CountOps(other, "BatchNormalization"), 3);
  EXPECT_EQ(other.parameters.count("conv2.bias"), 0u);
}

TEST(Models, PReluBlocksAreConvolutionPReluNormalizationSum) {
  const Config options = Options({{"block", Text("prelu")}});
  const Graph graph = BuildModel("resnet_cifar", Images(3, 32, 32, 10), options, 1).value();
  EXPECT_EQ(Weights(graph), 268336);
  EXPECT_EQ(CountOps(graph, "PRelu"), 18);
  EXPECT_EQ(CountOps(graph, "Relu"), 1);
  EXPECT_EQ(FindNode(graph, "layer1.0.prelu1")->inputs[0], "layer1.0.conv1");
  EXPECT_EQ(FindNode(graph, "layer1.0.bn1")->inputs[0], "layer1.0.prelu1");
  EXPECT_EQ(FindNode(graph, "layer1.0.conv2")->inputs[0], "layer1.0.bn1");
  EXPECT_EQ(FindNode(graph, "layer1.1.conv1")->inputs[0], "layer1.0.add");
  EXPECT_EQ(graph.parameters.at("layer2.0.prelu1.slope").shape(), (Shape{32, 1, 1}));
  EXPECT_EQ(Floats(graph, "layer2.0.prelu1.slope").data, std::vector<float>(32, 0.25f));
}

TEST(Models, NormalizationIsPartOfTheGraphUnlessNeutral) {
  ModelInput input = Images(3, 32, 32, 10);
  input.mean = {0, 0, 0};
  input.scale = {1};
  EXPECT_EQ(BuildModel("vgg9", input, Options({}), 1).value().nodes[0].op, "Conv");

  input.mean = {120, 130, 140};
  input.scale = {0.5f};
  const Graph channels = BuildModel("vgg9", input, Options({}), 1).value();
  EXPECT_EQ(channels.nodes[0].op, "Sub");
  EXPECT_EQ(channels.nodes[1].op, "Mul");
  EXPECT_EQ(channels.nodes[2].inputs[0], channels.nodes[1].outputs[0]);
  EXPECT_EQ(Floats(channels, "input.sub.value").shape, (Shape{3, 1, 1}));
  EXPECT_EQ(Floats(channels, "input.mul.value").data, std::vector<float>{0.5f});
  EXPECT_EQ(channels.parameters.at("input.sub.value").traits.role, Role::kConstant);

  input.mean.assign(3 * 32 * 32, 100);
  const Graph pixels = BuildModel("vgg9", input, Options({}), 1).value();
  EXPECT_EQ(Floats(pixels, "input.sub.value").shape, (Shape{3, 32, 32}));
}

TEST(Models, CeilModeAppearsOnlyWhereItMatters) {
  const Graph even = BuildModel("vgg9", Images(3, 32, 32, 10), Options({}), 1).value();
  const Graph odd = BuildModel("vgg9", Images(1, 28, 28, 10), Options({}), 1).value();
  EXPECT_EQ(IntAttribute(*FindNode(even, "pool3"), "ceil_mode", 0), 0);
  EXPECT_EQ(IntAttribute(*FindNode(odd, "pool2"), "ceil_mode", 0), 0);
  EXPECT_EQ(IntAttribute(*FindNode(odd, "pool3"), "ceil_mode", 0), 1);
  EXPECT_EQ(odd.parameters.at("fc7.weight").shape(), (Shape{512, 256 * 4 * 4}));
}

// A shortcut of the variant sq must give as many pixels as the 3x3 convolution beside it, for odd extents too.
TEST(Models, SqResNetTakesOddImagesButNotMixedOnes) {
  const Config sq = Options({{"variant", Text("sq")}});
  for (const int64_t extent : {29, 30, 31, 33}) {
    EXPECT_TRUE(BuildModel("resnet_cifar", Images(1, extent, extent, 10), sq, 1).ok()) << extent;
  }
  const Result<Graph> mixed = BuildModel("resnet_cifar", Images(1, 31, 32, 10), sq, 1);
  EXPECT_NE(ErrorOf(mixed).find("cannot add"), std::string::npos) << ErrorOf(mixed);
}

DoubleTensor Logits(const Graph& graph, const DoubleTensor& image) {
  return Evaluate(graph, {{"image", image}}).value().at("logits");
}

// Shortcut A at its definition: with all weights zero, and ReLU and batch normalization at their start, a block passes
// on every second pixel of its input between zero channels.
TEST(Models, ShortcutAKeepsEverySecondPixelBetweenZeroChannels) {
  Graph graph = BuildModel("resnet_cifar", Images(1, 8, 8, 10), Options({{"depth", Number(8)}}), 1).value();
  for (auto& [name, parameter] : graph.parameters) {
    if (parameter.traits.role == Role::kWeight) {
      std::get<FloatTensor>(parameter.value).data.assign(static_cast<size_t>(Elements(parameter.shape())), 0.0f);
    }
  }
  // conv1 copies the image to channel 3.
  std::get<FloatTensor>(graph.parameters.at("conv1.weight").value).data[3 * 9 + 4] = 1;
  DoubleTensor image({1, 1, 8, 8});
  for (size_t i = 0; i < 64; ++i) image.data[i] = static_cast<double>(i);
  const auto values = Evaluate(graph, {{"image", image}}).value();
  const double unit = 1 / std::sqrt(1 + 1e-5);  // What batch normalization does at its start.
  const DoubleTensor& second = values.at("layer2.0.relu2");
  ASSERT_EQ(second.shape, (Shape{1, 32, 4, 4}));
  for (size_t c = 0; c < 32; ++c) {
    for (size_t y = 0; y < 4; ++y) {
      for (size_t x = 0; x < 4; ++x) {
        const double expected = c == 8 + 3 ? unit * static_cast<double>(16 * y + 2 * x) : 0.0;
        EXPECT_NEAR(second.data[(c * 4 + y) * 4 + x], expected, 1e-9) << c << " " << y << " " << x;
      }
    }
  }
}

TEST(Models, NormalizationIsAppliedToThePixels) {
  ModelInput raw = Images(1, 12, 12, 4), normalizing = raw;
  normalizing.mean = {100};
  normalizing.scale = {0.01f};
  const Config options = Options({{"width", Real(0.25)}});
  DoubleTensor pixels({1, 1, 12, 12}), normalized = pixels;
  for (size_t i = 0; i < pixels.data.size(); ++i) {
    pixels.data[i] = static_cast<double>(i * 37 % 256);
    normalized.data[i] = (pixels.data[i] - 100) * static_cast<double>(0.01f);
  }
  const DoubleTensor a = Logits(BuildModel("small", normalizing, options, 1).value(), pixels);
  const DoubleTensor b = Logits(BuildModel("small", raw, options, 1).value(), normalized);
  for (size_t i = 0; i < a.data.size(); ++i) EXPECT_NEAR(a.data[i], b.data[i], 1e-9);
}

TEST(Models, SmallOptions) {
  const Graph plain = BuildModel("small", Images(1, 28, 28, 10), Options({}), 1).value();
  EXPECT_LE(Macs(plain), 2000000);
  EXPECT_EQ(plain.parameters.at("conv1.weight").shape(), (Shape{16, 1, 3, 3}));
  EXPECT_EQ(plain.parameters.at("fc.weight").shape(), (Shape{10, 64 * 3 * 3}));
  const Config options = Options({{"channels", Config{ConfigArray{Number(8), Number(12)}, ""}},
                                  {"width", Real(1.5)},
                                  {"depth", Number(2)},
                                  {"downsample", Text("stride")},
                                  {"head", Text("average")},
                                  {"hidden", Number(20)},
                                  {"dropout", Real(0.1)},
                                  {"bn_momentum", Real(0.8)}});
  const Graph other = BuildModel("small", Images(3, 28, 28, 4), options, 1).value();
  EXPECT_EQ(CountOps(other, "Conv"), 4);
  EXPECT_EQ(CountOps(other, "MaxPool"), 0);
  EXPECT_EQ(CountOps(other, "Dropout"), 1);
  EXPECT_EQ(other.parameters.at("conv3.weight").shape(), (Shape{18, 12, 3, 3}));
  EXPECT_EQ(IntsAttribute(*FindNode(other, "conv3"), "strides", {}), (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(IntsAttribute(*FindNode(other, "conv4"), "strides", {}), (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(other.parameters.at("fc1.weight").shape(), (Shape{20, 18}));
  EXPECT_EQ(FloatAttribute(*FindNode(other, "bn1"), "momentum", 0), 0.8);
}

TEST(Models, StartFollowsTheTraits) {
  const Graph graph = BuildModel("vgg9", Images(3, 32, 32, 10), Options({}), 7).value();
  // 2,097,152 draws: four standard errors are 4 * 0.01 / 1448 for the mean and 4 * 0.01 / 2048 for the deviation.
  const Moments gaussian = MomentsOf(Floats(graph, "fc7.weight").data);
  EXPECT_NEAR(gaussian.mean, 0, 2.8e-5);
  EXPECT_NEAR(gaussian.deviation, 0.01, 2e-5);
  EXPECT_EQ(Floats(graph, "bn1.scale").data, std::vector<float>(64, 1.0f));
  EXPECT_EQ(Floats(graph, "bn1.bias").data, std::vector<float>(64, 0.0f));
  EXPECT_EQ(Floats(graph, "bn1.var").data, std::vector<float>(64, 1.0f));
  EXPECT_EQ(graph.parameters.at("bn1.mean").traits.role, Role::kStatistic);

  const Graph resnet = BuildModel("resnet_cifar", Images(3, 32, 32, 10), Options({}), 7).value();
  // He: sqrt(2 / 576); 36,864 draws, four standard errors of the deviation are 4 / sqrt(2 * 36864) = 1.5 %.
  const double expected = std::sqrt(2.0 / 576);
  EXPECT_NEAR(MomentsOf(Floats(resnet, "layer3.1.conv1.weight").data).deviation, expected, 0.015 * expected);
}

TEST(Models, StartDependsOnSeedAndNameOnly) {
  const Graph shallow = BuildModel("resnet_cifar", Images(3, 32, 32, 10), Options({}), 7).value();
  const Graph deep = BuildModel("resnet_cifar", Images(3, 32, 32, 10), Options({{"depth", Number(32)}}), 7).value();
  const Graph reseeded = BuildModel("resnet_cifar", Images(3, 32, 32, 10), Options({}), 8).value();
  const std::string name = "layer2.1.conv2.weight";
  EXPECT_EQ(Floats(shallow, name).data, Floats(deep, name).data);
  EXPECT_NE(Floats(shallow, name).data, Floats(reseeded, name).data);
  EXPECT_NE(Floats(shallow, name).data, Floats(shallow, "layer2.1.conv1.weight").data);
}

}  // namespace
}  // namespace lowbit::models
