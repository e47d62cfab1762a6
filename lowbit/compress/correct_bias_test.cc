// The mean of each channel of each layer is that of the float network again.

#include "lowbit/compress/correct_bias.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lowbit/compress/calibrate.h"
#include "lowbit/compress/integer_weights.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/validate.h"
#include "lowbit/runtime/model.h"

namespace lowbit::compress {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

// Images of two pixels: 10, 20 and 30, 40.
data::ImageSet TwoImages() {
  data::ImageSet set;
  set.image = {1, 1, 2};
  set.labels = {0, 0};
  set.pixels = {10, 20, 30, 40};
  return set;
}

// image [any, 1, 1, 2] -> Conv of two channels, 1x1 -> Relu -> Flatten -> Gemm with transB of one feature
Graph MakeNetwork(std::vector<float> conv, std::vector<float> gemm) {
  Graph graph;
  graph.name = "net";
  graph.inputs = {{"image", {kDynamic, 1, 1, 2}}};
  graph.outputs = {"y"};
  graph.parameters["w1"].value = FloatTensor({2, 1, 1, 1}, std::move(conv));
  graph.parameters["w2"].value = FloatTensor({1, 4}, std::move(gemm));
  graph.parameters["b2"].value = FloatTensor({1}, {7});
  graph.nodes = {{"conv", "Conv", {"image", "w1"}, {"c"}, {}},
                 {"relu", "Relu", {"c"}, {"r"}, {}},
                 {"flat", "Flatten", {"r"}, {"f"}, {}},
                 {"head", "Gemm", {"f", "w2", "b2"}, {"y"}, {{"transB", int64_t{1}}}}};
  return graph;
}

const std::vector<float>& Floats(const Graph& graph, const std::string& name) {
  return std::get<FloatTensor>(graph.parameters.at(name).value).data;
}

// The pixels' mean is 25. Weights 1.1 and -2 became 1 and -1.5: the means 27.5 and -50 became 25 and -37.5. Behind Relu and the
// corrected layer, values are p + 2.5 in place of 1.1 p, of the same mean in each place's sum; so that the head's shift is its own:
// 2 * 2 pixels of mean 27.5, times .5 in place of .4.
TEST(CorrectBias, ByHand) {
  const Graph before = MakeNetwork({1.1f, -2}, {.4f, .4f, 1, 1}), after = MakeNetwork({1, -1.5f}, {.5f, .5f, 1, 1});
  const Graph corrected = CorrectBias(before, after, TwoImages(), 2, 1).value();
  ASSERT_TRUE(Validate(corrected).ok());
  EXPECT_THAT(Floats(corrected, "conv.bias"), ElementsAre(FloatEq(2.5f), FloatEq(-12.5f)));
  EXPECT_THAT(Floats(corrected, "b2"), ElementsAre(FloatEq(7 - 2 * .1f * 27.5f)));
  EXPECT_EQ(Floats(corrected, "w1"), Floats(after, "w1"));
}

TEST(CorrectBias, LeavesANetworkThatIsTheSame) {
  const Graph network = MakeNetwork({1.1f, -2}, {.4f, .4f, 1, 1});
  const Graph corrected = CorrectBias(network, network, TwoImages(), 2, 1).value();
  EXPECT_EQ(corrected.nodes[0].inputs.size(), 2u);
  EXPECT_EQ(corrected.parameters.size(), network.parameters.size());
}

TEST(CorrectBias, DividesByTheFactorOfABiasAndKeepsOthersReaders) {
  const Graph before = MakeNetwork({1, -2}, {.4f, .4f, 1, 1});
  Graph after = MakeNetwork({1, -2}, {.5f, .5f, 1, 1});
  after.nodes[3].attributes["beta"] = 2.0;
  after.parameters["b2"].value = FloatTensor({1}, {3.5f});
  after.nodes.push_back({"more", "Add", {"y", "b2"}, {"z"}, {}});
  const Graph corrected = CorrectBias(before, after, TwoImages(), 2, 1).value();
  EXPECT_THAT(Floats(corrected, "b2"), ElementsAre(3.5f));
  EXPECT_THAT(Floats(corrected, "head.bias"), ElementsAre(FloatEq(3.5f - .1f * 25)));
  after.nodes[3].attributes["beta"] = 0.0;
  EXPECT_EQ(CorrectBias(before, after, TwoImages(), 2, 1).value().nodes[3].inputs[2], "b2");
}

// Rounded weights and activations of few bits; the output's mean is then the float network's.
TEST(CorrectBias, OfACalibratedNetworkRestoresTheMeans) {
  data::ImageSet images = TwoImages();
  images.pixels.clear();
  for (int i = 0; i < 64; ++i) images.pixels.push_back(static_cast<uint8_t>(i * 37 % 256));
  images.labels.assign(32, 0);
  const Graph before = MakeNetwork({1.1f, -.3f}, {.4f, .13f, 1, .77f});
  CalibrationOptions options;
  options.edge_bits = 3;
  options.weight_bits = 3;
  const Graph rounded = Calibrate(before, images, options).value().graph;
  const Graph corrected = CorrectBias(before, rounded, images, 32, 1).value();
  const auto mean = [&images](const Graph& graph) {
    runtime::Model model = runtime::Model::FromGraph(graph).value();
    std::vector<float> outputs(32);
    const std::vector<float> pixels(images.pixels.begin(), images.pixels.end());
    EXPECT_TRUE(model.Run(pixels, 32, outputs).ok());
    double sum = 0;
    for (const float y : outputs) sum += static_cast<double>(y);
    return sum / 32;
  };
  EXPECT_GT(std::abs(mean(rounded) - mean(before)), .1);
  // Outputs of some hundred, rounded to float.
  EXPECT_NEAR(mean(corrected), mean(before), 1e-4);
  EXPECT_EQ(Floats(corrected, "conv.bias"), Floats(CorrectBias(before, rounded, images, 32, 3).value(), "conv.bias"));
}

}  // namespace
}  // namespace lowbit::compress
