// Calibration of a small network: which grids it chooses, that the result runs on integers, and what it refuses.

#include "lowbit/compress/calibrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lowbit/base/random.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/validate.h"
#include "lowbit/runtime/model.h"

namespace lowbit::compress {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Pixels 0..255, of which 255 is rare; labels do not matter.
data::ImageSet MakeImages(int64_t count) {
  data::ImageSet set;
  set.image = {1, 6, 6};
  set.labels.assign(static_cast<size_t>(count), 0);
  const CounterRandom random(1, StreamOf("pixels"));
  for (size_t i = 0; i < static_cast<size_t>(count * 36); ++i) {
    set.pixels.push_back(static_cast<uint8_t>(i % 1000 == 0 ? 255 : random.Below(i, 128)));
  }
  return set;
}

QTensor Codes(Shape shape, const ValueSet& values) {
  QTensor tensor = {std::move(shape), values, {}, {.02f}};
  const CounterRandom random(2, StreamOf("codes"));
  for (size_t i = 0; i < static_cast<size_t>(Elements(tensor.shape)); ++i) {
    tensor.codes.push_back(static_cast<uint8_t>(random.Below(i, static_cast<uint64_t>(values.Count()))));
  }
  return tensor;
}

// image -> Sub 64 -> conv 1 (ternary) -> Relu -> conv 2 (float) -> Flatten -> Gemm (ternary)
Graph MakeNetwork() {
  Graph graph;
  graph.name = "net";
  graph.inputs = {{"image", {kDynamic, 1, 6, 6}}};
  graph.outputs = {"logits"};
  graph.parameters["mean"].value = FloatTensor({1, 1, 1}, {64});
  graph.parameters["w1"].value = Codes({4, 1, 3, 3}, ValueSet::Ternary());
  FloatTensor floats({3, 4, 3, 3});
  for (size_t i = 0; i < floats.data.size(); ++i) floats.data[i] = static_cast<float>(i % 7) * .01f - .03f;
  graph.parameters["w2"].value = floats;
  graph.parameters["w3"].value = Codes({5, 12}, ValueSet::Ternary());
  graph.nodes = {{"center", "Sub", {"image", "mean"}, {"centered"}, {}},
                 {"conv1", "Conv", {"centered", "w1"}, {"c1"}, {}},
                 {"relu", "Relu", {"c1"}, {"r1"}, {}},
                 {"conv2", "Conv", {"r1", "w2"}, {"c2"}, {}},
                 {"flat", "Flatten", {"c2"}, {"f"}, {}},
                 {"head", "Gemm", {"f", "w3"}, {"logits"}, {{"transB", int64_t{1}}}}};
  return graph;
}

CalibrationOptions Rule(RangeRule rule) {
  CalibrationOptions options;
  options.rule = rule;
  return options;
}

std::string ErrorOf(const Graph& graph, const data::ImageSet& images, const CalibrationOptions& options) {
  const Result<Calibration> calibration = Calibrate(graph, images, options);
  return calibration.ok() ? "" : calibration.error().message;
}

TEST(Calibrate, GivesEachValueThatFeedsAProductAGrid) {
  const Calibration calibration = Calibrate(MakeNetwork(), MakeImages(64), Rule(RangeRule::kMinMax)).value();
  ASSERT_EQ(calibration.values.size(), 3u);
  EXPECT_EQ(calibration.samples, 64);
  const CalibratedValue& first = calibration.values[0];
  EXPECT_EQ(first.value, "centered");
  EXPECT_THAT(first.products, ElementsAre("conv1"));
  EXPECT_TRUE(first.is_signed);
  EXPECT_EQ(first.largest, 255 - 64);
  EXPECT_FLOAT_EQ(static_cast<float>(first.scale), 191.0f / 127);
  EXPECT_EQ(first.clipped_share, 0);
  EXPECT_FALSE(calibration.values[1].is_signed);
  EXPECT_FLOAT_EQ(static_cast<float>(calibration.values[1].scale),
                  static_cast<float>(calibration.values[1].largest / 255));
  EXPECT_TRUE(Validate(calibration.graph).ok());
}

// The rare pixel 255 is not worth its share of the grid.
TEST(Calibrate, RulesCutRareValues) {
  const auto scale = [](RangeRule rule, double percentile, int bits) {
    CalibrationOptions options = Rule(rule);
    options.percentile = percentile;
    options.edge_bits = bits;
    return Calibrate(MakeNetwork(), MakeImages(64), options).value().values[0];
  };
  const double all = scale(RangeRule::kMinMax, 100, 4).scale;
  EXPECT_FLOAT_EQ(static_cast<float>(scale(RangeRule::kPercentile, 100, 4).scale), static_cast<float>(all));
  EXPECT_NEAR(scale(RangeRule::kPercentile, 99.5, 4).scale, 64.0 / 7, .05);
  const CalibratedValue best = scale(RangeRule::kMeanSquaredError, 100, 4);
  EXPECT_LT(best.scale, .6 * all);
  EXPECT_GT(best.clipped_share, 0);
  EXPECT_LT(best.relative_error, scale(RangeRule::kMinMax, 100, 4).relative_error);
}

TEST(Calibrate, EdgesAndMiddleHaveTheirOwnBits) {
  CalibrationOptions options;
  options.bits = 3;
  options.edge_bits = 7;
  const Calibration calibration = Calibrate(MakeNetwork(), MakeImages(8), options).value();
  EXPECT_EQ(calibration.values[0].bits, 7);
  EXPECT_EQ(calibration.values[1].bits, 3);
  EXPECT_EQ(calibration.values[2].bits, 7);
}

TEST(Calibrate, TheResultRunsOnIntegersAndIsNearTheNetwork) {
  const data::ImageSet images = MakeImages(32);
  const Graph network = MakeNetwork();
  const Calibration calibration = Calibrate(network, images, {}).value();
  runtime::Model before = runtime::Model::FromGraph(network).value();
  runtime::Model after = runtime::Model::FromGraph(calibration.graph).value();
  std::vector<std::string> kernels;
  for (const runtime::NodePlan& node : after.Nodes()) kernels.push_back(node.kernel);
  EXPECT_THAT(kernels, Contains("conv_u8_ternary"));
  EXPECT_THAT(kernels, Contains("conv_u8_affine8"));
  EXPECT_THAT(kernels, Contains("gemm_u8_ternary"));
  const std::vector<float> pixels(images.pixels.begin(), images.pixels.end());
  std::vector<float> one(32 * 5), two(32 * 5);
  ASSERT_TRUE(before.Run(pixels, 32, one).ok());
  ASSERT_TRUE(after.Run(pixels, 32, two).ok());
  const float largest = *std::max_element(one.begin(), one.end());
  for (size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], two[i], .05 * largest);
  EXPECT_NE(one, two);
}

// Rows of the picture as the steps of a sequence.
TEST(Calibrate, QuantizesTheStatesOfRecurrentLayers) {
  Graph graph = MakeNetwork();
  graph.nodes.resize(1);
  const auto wave = [](Shape shape) {
    FloatTensor tensor(std::move(shape));
    for (size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = .3f * std::sin(static_cast<float>(i));
    return tensor;
  };
  graph.parameters["rows"].value = Int64Tensor({3}, {-1, 6, 6});
  graph.parameters["w"].value = FloatTensor({1, 20, 6}, std::vector<float>(120, .002f));
  graph.parameters["r"].value = wave({1, 20, 5});
  graph.parameters["head"].value = wave({7, 5});
  const Attributes batch_first = {{"layout", int64_t{1}}};
  graph.nodes.push_back({"reshape", "Reshape", {"centered", "rows"}, {"x"}, {}});
  graph.nodes.push_back({"lstm", "LSTM", {"x", "w", "r"}, {"y", "h"}, batch_first});
  graph.nodes.push_back({"flat", "Flatten", {"h"}, {"f"}, {}});
  graph.nodes.push_back({"head", "Gemm", {"f", "head"}, {"logits"}, {{"transB", int64_t{1}}}});
  const data::ImageSet images = MakeImages(32);
  Calibration calibration = Calibrate(graph, images, {}).value();
  EXPECT_THAT(calibration.warnings, ElementsAre());
  const Node& lstm = *std::find_if(calibration.graph.nodes.begin(), calibration.graph.nodes.end(),
                                   [](const Node& node) { return node.op == "LSTM"; });
  EXPECT_EQ(IntAttribute(lstm, "hidden_bits", 0), 8);
  EXPECT_FLOAT_EQ(static_cast<float>(FloatAttribute(lstm, "hidden_scale", 0)), 1.0f / 127);
  runtime::Model before = runtime::Model::FromGraph(graph).value();
  runtime::Model after = runtime::Model::FromGraph(calibration.graph, {.strict = true}).value();
  std::vector<std::string> kernels;
  for (const runtime::NodePlan& node : after.Nodes()) kernels.push_back(node.kernel);
  EXPECT_THAT(kernels, Contains("lstm_u8_affine8"));
  const std::vector<float> pixels(images.pixels.begin(), images.pixels.end());
  std::vector<float> one(32 * 7), two(32 * 7);
  ASSERT_TRUE(before.Run(pixels, 32, one).ok());
  ASSERT_TRUE(after.Run(pixels, 32, two).ok());
  for (size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], two[i], .05);
  EXPECT_NE(one, two);
  // A state without a limit stays as it is.
  graph.nodes[2].attributes["activations"] = std::string("Sigmoid,Tanh,Relu");
  calibration = Calibrate(graph, images, {}).value();
  EXPECT_THAT(calibration.warnings, ElementsAre("the state of 'lstm' stays float: Relu does not bound it"));
}

TEST(Calibrate, DoesNotDependOnTheThreads) {
  CalibrationOptions options;
  const Calibration one = Calibrate(MakeNetwork(), MakeImages(40), options).value();
  options.threads = 3;
  const Calibration three = Calibrate(MakeNetwork(), MakeImages(40), options).value();
  for (size_t i = 0; i < one.values.size(); ++i) EXPECT_EQ(one.values[i].scale, three.values[i].scale);
}

TEST(Calibrate, KeepsFloatWeightsIfAskedTo) {
  CalibrationOptions options;
  options.weight_bits = 0;
  const Calibration calibration = Calibrate(MakeNetwork(), MakeImages(8), options).value();
  EXPECT_TRUE(std::holds_alternative<FloatTensor>(calibration.graph.parameters.at("w2").value));
}

// The middle one, on 2 bits, puts the outputs farther off than the two on 8.
TEST(Calibrate, KeepsTheWorstActivationFloatIfAskedTo) {
  CalibrationOptions options;
  options.weight_bits = 0;
  options.bits = 2;
  Calibration calibration = Calibrate(MakeNetwork(), MakeImages(16), options).value();
  EXPECT_LT(calibration.values[1].output_error, 0);
  options.keep_float = 1;
  calibration = Calibrate(MakeNetwork(), MakeImages(16), options).value();
  ASSERT_EQ(calibration.values.size(), 3u);
  EXPECT_GT(calibration.values[1].output_error, calibration.values[0].output_error);
  EXPECT_GT(calibration.values[1].output_error, calibration.values[2].output_error);
  EXPECT_GT(calibration.values[2].output_error, 0);
  EXPECT_EQ(calibration.values[1].bits, 0);
  EXPECT_EQ(calibration.values[2].bits, 8);
  EXPECT_EQ(calibration.graph.nodes.size(), MakeNetwork().nodes.size() + 2);
  EXPECT_EQ(calibration.graph.parameters.count("r1/quant/scale"), 0u);
  options.keep_float = 9;
  EXPECT_EQ(Calibrate(MakeNetwork(), MakeImages(16), options).value().graph.nodes.size(), MakeNetwork().nodes.size());
  options.keep_float = -1;
  EXPECT_EQ(ErrorOf(MakeNetwork(), MakeImages(8), options), "activations to keep float must be 0 or more; they are -1");
}

TEST(Calibrate, WarnsOfAnActivationThatIsAlwaysZero) {
  Graph graph = MakeNetwork();
  graph.parameters["w1"].value = FloatTensor({4, 1, 3, 3});
  const Calibration calibration = Calibrate(graph, MakeImages(8), {}).value();
  EXPECT_THAT(calibration.warnings,
              ElementsAre("activation 'r1' is 0 in all 8 samples", "activation 'f' is 0 in all 8 samples"));
}

TEST(Calibrate, ReportsProgress) {
  std::vector<int64_t> seen;
  const auto progress = [&](int64_t done, int64_t of) {
    EXPECT_EQ(of, 40);
    seen.push_back(done);
  };
  CalibrationOptions options;
  options.samples = 40;
  ASSERT_TRUE(Calibrate(MakeNetwork(), MakeImages(64), options, progress).ok());
  EXPECT_THAT(seen, ElementsAre(32, 40));
}

TEST(Calibrate, RefusesBadInput) {
  const data::ImageSet images = MakeImages(8);
  CalibrationOptions bits;
  bits.bits = 9;
  EXPECT_EQ(ErrorOf(MakeNetwork(), images, bits), "bits must be in 2..8; it is 9");
  CalibrationOptions percentile;
  percentile.percentile = 0;
  EXPECT_THAT(ErrorOf(MakeNetwork(), images, percentile), HasSubstr("above 0 and at most 100"));
  CalibrationOptions samples;
  samples.samples = 0;
  EXPECT_THAT(ErrorOf(MakeNetwork(), images, samples), HasSubstr("at least 1 sample"));
  EXPECT_THAT(ErrorOf(MakeNetwork(), MakeImages(0), {}), HasSubstr("no images"));
  data::ImageSet wide = MakeImages(8);
  wide.image = {1, 4, 9};
  EXPECT_THAT(ErrorOf(MakeNetwork(), wide, {}), HasSubstr("takes images [1, 6, 6]; those of the set are [1, 4, 9]"));
  EXPECT_THAT(ErrorOf(Calibrate(MakeNetwork(), images, {}).value().graph, images, {}),
              HasSubstr("has quantized activations already"));
  Graph no_product = MakeNetwork();
  no_product.nodes.resize(1);
  no_product.outputs = {"centered"};
  EXPECT_THAT(ErrorOf(no_product, images, {}), HasSubstr("has no Conv, Gemm or recurrent layer"));
  Graph infinite = MakeNetwork();
  infinite.parameters["mean"].value = FloatTensor({1, 1, 1}, {-3e38f});
  infinite.parameters["w1"].value = FloatTensor({4, 1, 3, 3}, std::vector<float>(36, 1));
  EXPECT_THAT(ErrorOf(infinite, images, {}), HasSubstr("activation 'r1' is not finite in the samples"));
}

}  // namespace
}  // namespace lowbit::compress
