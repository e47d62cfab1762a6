// Equalized networks compute the same, and their channels have the ranges that were asked for.

#include "lowbit/compress/equalize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lowbit/base/random.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/fold_batch_norm.h"
#include "lowbit/core/validate.h"
#include "lowbit/runtime/model.h"

namespace lowbit::compress {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<float>& Floats(const Graph& graph, const std::string& name) {
  return std::get<FloatTensor>(graph.parameters.at(name).value).data;
}

// x [any, 2] -> Gemm w1, b1 -> Relu r -> Gemm w2 -> y
Graph TwoGemms(std::vector<float> w1, std::vector<float> b1, std::vector<float> w2) {
  Graph graph;
  graph.name = "net";
  graph.inputs = {{"x", {kDynamic, 2}}};
  graph.outputs = {"y"};
  graph.parameters["w1"].value = FloatTensor({2, 2}, std::move(w1));
  graph.parameters["b1"].value = FloatTensor({2}, std::move(b1));
  graph.parameters["w2"].value = FloatTensor({2, 2}, std::move(w2));
  const Attributes rows = {{"transB", int64_t{1}}};
  graph.nodes = {{"one", "Gemm", {"x", "w1", "b1"}, {"a"}, rows},
                 {"relu", "Relu", {"a"}, {"r"}, {}},
                 {"two", "Gemm", {"r", "w2"}, {"y"}, rows}};
  return graph;
}

// Row ranges 8 and 1, column ranges 2 and 4: divided by sqrt(8 / 2) = 2 and sqrt(1 / 4) = 1/2.
TEST(Equalize, WeightsByHand) {
  const Graph graph = TwoGemms({8, -4, .5f, -1}, {6, 3}, {2, -4, 1, 2});
  const Equalized equalized = Equalize(graph, Equalization::kWeights, {}).value();
  EXPECT_EQ(equalized.groups, 2);
  EXPECT_THAT(Floats(equalized.graph, "w1"), ElementsAre(4, -2, 1, -2));
  EXPECT_THAT(Floats(equalized.graph, "b1"), ElementsAre(3, 6));
  EXPECT_THAT(Floats(equalized.graph, "w2"), ElementsAre(4, -2, 2, 1));
  EXPECT_THAT(equalized.warnings, ElementsAre());
}

TEST(Equalize, ActivationsByHand) {
  const Graph graph = TwoGemms({8, -4, .5f, -1}, {6, 3}, {2, -4, 1, 2});
  const Equalized each = Equalize(graph, Equalization::kActivations, {{"r", {4, .5}}}).value();
  EXPECT_THAT(Floats(each.graph, "w1"), ElementsAre(2, -1, 1, -2));
  EXPECT_THAT(Floats(each.graph, "b1"), ElementsAre(1.5f, 6));
  EXPECT_THAT(Floats(each.graph, "w2"), ElementsAre(8, -2, 4, 1));
  // sqrt(8 / 2) = 2 and sqrt(1 / 4) = 1/2, whatever w1 is.
  const Equalized both = Equalize(graph, Equalization::kBoth, {{"r", {8, 1}}}).value();
  EXPECT_THAT(Floats(both.graph, "w1"), ElementsAre(4, -2, 1, -2));
  EXPECT_THAT(Floats(both.graph, "w2"), ElementsAre(4, -2, 2, 1));
}

TEST(Equalize, LeavesDeadChannelsAndBoundsAlmostDeadOnes) {
  const Graph dead = TwoGemms({8, -4, 0, 0}, {6, 0}, {2, -4, 1, 2});
  const Equalized weights = Equalize(dead, Equalization::kWeights, {}).value();
  EXPECT_THAT(Floats(weights.graph, "w2"), ElementsAre(4, -4, 2, 2));
  const Equalized zeros = Equalize(dead, Equalization::kActivations, {{"r", {0, 0}}}).value();
  EXPECT_THAT(Floats(zeros.graph, "w1"), ElementsAre(8, -4, 0, 0));
  const Equalized almost = Equalize(dead, Equalization::kActivations, {{"r", {256, .01}}}).value();
  EXPECT_THAT(Floats(almost.graph, "w2"), ElementsAre(512, -4, 256, 2));
}

TEST(Equalize, RefusesANetworkWithoutSuchChannels) {
  Graph graph = TwoGemms({8, -4, .5f, -1}, {6, 3}, {2, -4, 1, 2});
  graph.nodes[1].op = "Sigmoid";
  EXPECT_EQ(Equalize(graph, Equalization::kWeights, {}).error().message,
            "network 'net' has no channels to equalize: none lies between two layers with float weights; "
            "in the way is 'relu' (Sigmoid)");
  const Graph large = TwoGemms({1, 1, 1, 1}, {1, 1}, {3e38f, 1, 1, 1});
  EXPECT_THAT(Equalize(large, Equalization::kActivations, {{"r", {4, 4}}}).error().message,
              HasSubstr("too large for a float"));
}

TEST(Equalize, ChangesNothingWhereNothingIsAskedFor) {
  const Graph graph = TwoGemms({8, -4, .5f, -1}, {6, 3}, {2, -4, 1, 2});
  EXPECT_EQ(Floats(Equalize(graph, Equalization::kNone, {}).value().graph, "w1"), Floats(graph, "w1"));
}

// Random networks of images [3, 8, 8]: a convolution, one of single channels, one of two groups, a residual block, branches that are
// concatenated, a head behind Flatten; batch normalization behind the first two. Channels differ by factors of up to 1,000.
class Network {
 public:
  explicit Network(uint64_t seed) : random_(seed, StreamOf("network")) {
    graph_.name = "random";
    graph_.inputs = {{"x", {kDynamic, 3, 8, 8}}};
    Conv("conv", "x", 8, 3, 3, 1);
    Norm("conv", 8);
    Add({"relu", "Relu", {"conv/norm"}, {"relu"}, {}});
    Conv("single", "relu", 8, 1, 3, 8);
    Norm("single", 8);
    Add({"leaky", "LeakyRelu", {"single/norm"}, {"leaky"}, {{"alpha", .1}}});
    Conv("pairs", "leaky", 8, 4, 1, 2);
    Weights("slopes", {8, 1, 1});
    Add({"prelu", "PRelu", {"pairs", "slopes"}, {"prelu"}, {}});
    Conv("inner", "prelu", 8, 8, 1, 1);
    Add({"sum", "Add", {"prelu", "inner"}, {"sum"}, {}});
    Add({"pool",
         "MaxPool",
         {"sum"},
         {"pool"},
         {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}}});
    Conv("left", "pool", 4, 8, 1, 1);
    Conv("right", "pool", 4, 8, 3, 1);
    Add({"join", "Concat", {"left", "right"}, {"join"}, {{"axis", int64_t{1}}}});
    Add({"flat", "Flatten", {"join"}, {"flat"}, {}});
    Weights("head/w", {5, 128});
    Add({"head", "Gemm", {"flat", "head/w"}, {"y"}, {{"transB", int64_t{1}}}});
    graph_.outputs = {"y"};
  }

  const Graph& graph() const { return graph_; }

 private:
  double Uniform(double low, double high) { return low + (high - low) * random_.Uniform(next_++); }

  void Add(Node node) { graph_.nodes.push_back(std::move(node)); }

  void Weights(const std::string& name, Shape shape) {
    FloatTensor tensor(std::move(shape));
    const size_t columns = tensor.data.size() / static_cast<size_t>(tensor.shape[0]);
    double size = 1;
    for (size_t i = 0; i < tensor.data.size(); ++i) {
      if (i % columns == 0) size = std::pow(10, Uniform(-2, 1));
      tensor.data[i] = static_cast<float>(size * Uniform(-1, 1));
    }
    graph_.parameters[name].value = std::move(tensor);
  }

  void Conv(const std::string& name, const std::string& from, int64_t rows, int64_t inputs, int64_t kernel,
            int64_t groups) {
    Weights(name + "/w", {rows, inputs, kernel, kernel});
    Weights(name + "/b", {rows});
    const std::vector<int64_t> pads(4, kernel / 2);
    Add({name, "Conv", {from, name + "/w", name + "/b"}, {name}, {{"pads", pads}, {"group", groups}}});
  }

  void Norm(const std::string& of, int64_t channels) {
    const std::string name = of + "/norm";
    for (const char* part : {"/scale", "/shift", "/mean"}) Weights(name + part, {channels});
    FloatTensor variance({channels}, std::vector<float>(static_cast<size_t>(channels), .25f));
    graph_.parameters[name + "/var"].value = std::move(variance);
    Add({name,
         "BatchNormalization",
         {of, name + "/scale", name + "/shift", name + "/mean", name + "/var"},
         {name},
         {}});
  }

  CounterRandom random_;
  uint64_t next_ = 0;
  Graph graph_;
};

data::ImageSet MakeImages(int64_t count) {
  data::ImageSet set;
  set.image = {3, 8, 8};
  set.labels.assign(static_cast<size_t>(count), 0);
  const CounterRandom random(1, StreamOf("pixels"));
  for (size_t i = 0; i < static_cast<size_t>(count * 192); ++i) {
    set.pixels.push_back(static_cast<uint8_t>(random.Below(i, 256)));
  }
  return set;
}

std::map<std::string, DoubleTensor> Values(const Graph& graph, const data::ImageSet& images) {
  DoubleTensor x({images.count(), 3, 8, 8}, {images.pixels.begin(), images.pixels.end()});
  return Evaluate(graph, {{"x", x}}).value();
}

double Largest(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

TEST(Equalize, RandomNetworksComputeTheSame) {
  const data::ImageSet images = MakeImages(3);
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const Graph network = Network(seed).graph();
    ASSERT_TRUE(Validate(network).ok()) << Validate(network).error().message;
    const std::vector<double> wanted = Values(network, images).at("y").data;
    // Folded or not: then scale and shift of the normalization are what makes the channels.
    for (const Graph& graph : {network, FoldBatchNorm(network)}) {
      const ChannelRanges ranges = MeasureChannelRanges(graph, images, 3, 1).value();
      for (const Equalization kind : {Equalization::kWeights, Equalization::kActivations, Equalization::kBoth}) {
        const Equalized equalized = Equalize(graph, kind, ranges).value();
        EXPECT_THAT(equalized.warnings, ElementsAre());
        // conv, single, prelu and inner's sum, pool's branches, all but the first and the last value.
        EXPECT_EQ(equalized.groups, 8 + 8 + 8 + 8);
        // Each of 6 layers rounds its weights twice at most, of sums whose terms may cancel to a hundredth.
        const double tolerance = 6 * 2 * std::ldexp(1.0, -24) * 100 * Largest(wanted);
        const std::vector<double> found = Values(equalized.graph, images).at("y").data;
        for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], tolerance);
        runtime::Model model = runtime::Model::FromGraph(equalized.graph).value();
        std::vector<float> floats(wanted.size());
        const std::vector<float> pixels(images.pixels.begin(), images.pixels.end());
        ASSERT_TRUE(model.Run(pixels, 3, floats).ok());
        // The runtime's sums of up to 128 terms round too.
        for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(floats[i], wanted[i], 10 * tolerance);
      }
    }
  }
}

// What a channel's range becomes where that of `counted` becomes 1: as counted, it is no less than 1/256 of the largest.
std::vector<double> Bounded(std::vector<double> range) {
  const double least = *std::max_element(range.begin(), range.end()) / 256;
  for (double& channel : range) channel = std::min(1.0, channel / least);
  return range;
}

TEST(Equalize, RangesAreEqualAfterwards) {
  const data::ImageSet images = MakeImages(3);
  const Graph graph = FoldBatchNorm(Network(7).graph());
  const ChannelRanges before = MeasureChannelRanges(graph, images, 3, 1).value();
  const std::vector<double> relu = Bounded(before.at("relu")), leaky = Bounded(before.at("leaky"));
  EXPECT_GE(std::count(relu.begin(), relu.end(), 1), 4);
  const Graph each = Equalize(graph, Equalization::kActivations, before).value().graph;
  ChannelRanges after = MeasureChannelRanges(each, images, 3, 1).value();
  for (size_t c = 0; c < 8; ++c) {
    EXPECT_NEAR(after.at("relu")[c], relu[c], 1e-5);
    EXPECT_NEAR(after.at("leaky")[c], leaky[c], 1e-5);
    // Both are one channel, which a sum joins.
    EXPECT_LE(std::max(after.at("prelu")[c], after.at("pool")[c]), 1 + 1e-5);
  }
  // "leaky" is read by a layer of several channels: its ranges are those of the weights. "relu" by one of single channels.
  const Graph both = Equalize(graph, Equalization::kBoth, before).value().graph;
  after = MeasureChannelRanges(both, images, 3, 1).value();
  const std::vector<float>& weights = Floats(both, "pairs/w");
  for (size_t c = 0; c < 8; ++c) {
    EXPECT_NEAR(after.at("relu")[c], relu[c], 1e-5);
    double column = 0;
    for (size_t row = c / 4 * 4; row < c / 4 * 4 + 4; ++row) {
      column = std::max<double>(column, std::abs(weights[row * 4 + c % 4]));
    }
    EXPECT_NEAR(after.at("leaky")[c] / column, leaky[c], 1e-3) << c;
  }
}

TEST(Equalize, DoesNotDependOnTheThreads) {
  const data::ImageSet images = MakeImages(40);
  const Graph graph = FoldBatchNorm(Network(8).graph());
  EXPECT_EQ(MeasureChannelRanges(graph, images, 40, 1).value(), MeasureChannelRanges(graph, images, 40, 3).value());
}

}  // namespace
}  // namespace lowbit::compress
