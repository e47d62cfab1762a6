// Rounding the weights of whole networks: which, to which bits, and by what images show of the layers' inputs.

#include "lowbit/compress/integer_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lowbit/base/random.h"
#include "lowbit/compress/inputs/layer_inputs.h"
#include "lowbit/core/validate.h"

namespace lowbit::compress {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using Ints = std::vector<int64_t>;

TEST(RoundToIntegers, EachRowHasItsScale) {
  const QTensor tensor = RoundToIntegers(FloatTensor({2, 3}, {-7, 3.4f, 0, 70, -35, 15}), 4);
  EXPECT_EQ(tensor.values, ValueSet::Affine(4, 8));
  EXPECT_THAT(tensor.scales, ElementsAre(1, 10));
  EXPECT_THAT(tensor.codes, ElementsAre(1, 11, 8, 15, 4, 10));  // -7, 3, 0; 7, -4 (-3.5 to even), 2 (1.5 to even)
  EXPECT_TRUE(Validate(tensor).ok());
}

TEST(RoundToIntegers, ARowOfZerosStaysZero) {
  const QTensor tensor = RoundToIntegers(FloatTensor({1, 2}, {0, 0}), 8);
  EXPECT_THAT(tensor.scales, ElementsAre(1));
  EXPECT_THAT(Dequantize(tensor).data, ElementsAre(0, 0));
}

TEST(RoundToIntegers, ARowTooSmallForAScaleBecomesZero) {
  const QTensor tensor = RoundToIntegers(FloatTensor({1, 2}, {1e-44f, -1e-44f}), 8);
  EXPECT_THAT(tensor.scales, ElementsAre(1));
  EXPECT_THAT(Dequantize(tensor).data, ElementsAre(0, 0));
}

TEST(RoundToIntegers, TheLeastErrorTakesTheLowestIntegerToo) {
  const QTensor tensor = RoundToIntegers(FloatTensor({1, 4}, {-2, -1, 0, 1}), 2, WeightRange::kMeanSquaredError);
  EXPECT_THAT(tensor.codes, ElementsAre(0, 1, 2, 3));
  EXPECT_NEAR(tensor.scales[0], 1, .005);
}

FloatTensor Normals(const Shape& shape, const std::string& name) {
  const CounterRandom random(1, StreamOf(name));
  FloatTensor tensor(shape);
  for (size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = static_cast<float>(.2 * random.Normal(i));
  return tensor;
}

// image [-1, 2, 8, 8] -> first (stride 2) -> relu -> depthwise (padded) -> groups (dilated) -> relu -> flatten -> head
Graph Network() {
  Graph graph;
  graph.name = "net";
  graph.inputs = {{"image", {kDynamic, 2, 8, 8}}};
  graph.outputs = {"logits"};
  graph.nodes = {{"first", "Conv", {"image", "w1"}, {"c1"}, {{"strides", Ints{2, 1}}, {"pads", Ints{1, 1, 1, 1}}}},
                 {"relu1", "Relu", {"c1"}, {"r1"}, {}},
                 {"depthwise", "Conv", {"r1", "w2"}, {"c2"}, {{"group", int64_t{6}}, {"pads", Ints{1, 1, 1, 1}}}},
                 {"groups", "Conv", {"c2", "w3", "b3"}, {"c3"}, {{"group", int64_t{2}}, {"dilations", Ints{1, 2}}}},
                 {"relu2", "Relu", {"c3"}, {"r3"}, {}},
                 {"flatten", "Flatten", {"r3"}, {"f"}, {}},
                 {"head", "Gemm", {"f", "w4"}, {"logits"}, {{"transB", int64_t{1}}}}};
  graph.parameters["w1"].value = Normals({6, 2, 3, 3}, "w1");
  graph.parameters["w2"].value = Normals({6, 1, 3, 3}, "w2");
  graph.parameters["w3"].value = Normals({8, 3, 2, 3}, "w3");
  graph.parameters["b3"].value = Normals({8}, "b3");
  graph.parameters["w4"].value = Normals({5, 96}, "w4");
  return graph;
}

// Neighbouring pixels are alike.
data::ImageSet Images(int64_t count) {
  data::ImageSet set;
  set.image = {2, 8, 8};
  set.labels.resize(static_cast<size_t>(count));
  const CounterRandom random(3, StreamOf("images"));
  double level = 128;
  for (size_t i = 0; i < static_cast<size_t>(count) * 128; ++i) {
    level = std::clamp(level + 12 * random.Normal(i), 0.0, 255.0);
    set.pixels.push_back(static_cast<uint8_t>(level));
  }
  return set;
}

WeightRounding Compensated(int bits) {
  WeightRounding options;
  options.bits = bits;
  options.range = WeightRange::kMeanSquaredError;
  options.rounding = Rounding::kCompensated;
  return options;
}

const QTensor& Tensor(const RoundedNetwork& network, const std::string& name) {
  return std::get<QTensor>(network.graph.parameters.at(name).value);
}

// Root mean squared difference of a value in two networks, relative to it in the first.
double Difference(const Graph& before, const Graph& after, const std::string& value, const data::ImageSet& images) {
  double error = 0, power = 0;
  const Status watched = WatchBothOnImages(before, after, value, images, images.count(), 1,
                                           [&](Span<const float> one, Span<const float> two, const Shape&) {
                                             for (size_t i = 0; i < one.size(); ++i) {
                                               error += std::pow(static_cast<double>(one[i] - two[i]), 2);
                                               power += std::pow(static_cast<double>(one[i]), 2);
                                             }
                                             return Ok();
                                           });
  EXPECT_TRUE(watched.ok());
  return std::sqrt(error / power);
}

TEST(RoundWeights, LeavesWhatIsLowBitOrNoProduct) {
  Graph graph;
  graph.inputs = {{"x", {kDynamic, 2}}};
  graph.outputs = {"z"};
  graph.parameters["w"].value = FloatTensor({2, 2}, {1, 2, 3, 4});
  graph.parameters["v"].value = QTensor{{2, 2}, ValueSet::Ternary(), {0, 1, 2, 1}, {.5f}};
  graph.parameters["s"].value = FloatTensor({2}, {1, 2});
  graph.nodes = {{"one", "Gemm", {"x", "w"}, {"y"}, {{"transB", int64_t{1}}}},
                 {"two", "Gemm", {"y", "v"}, {"u"}, {{"transB", int64_t{1}}}},
                 {"three", "Mul", {"u", "s"}, {"z"}, {}}};
  const RoundedNetwork rounded = RoundWeights(graph, nullptr, {}).value();
  EXPECT_EQ(Tensor(rounded, "w").values, ValueSet::Affine(8, 128));
  EXPECT_EQ(Tensor(rounded, "v").values, ValueSet::Ternary());
  EXPECT_TRUE(std::holds_alternative<FloatTensor>(rounded.graph.parameters.at("s").value));
  ASSERT_EQ(rounded.weights.size(), 1u);
  EXPECT_EQ(rounded.weights[0].layer, "one");
  EXPECT_EQ(rounded.weights[0].output_error, -1);
}

TEST(RoundWeights, EdgesHaveTheirOwnBits) {
  WeightRounding options;
  options.bits = 3;
  options.edge_bits = 6;
  const RoundedNetwork rounded = RoundWeights(Network(), nullptr, options).value();
  std::vector<int> bits;
  for (const RoundedWeight& weight : rounded.weights) bits.push_back(weight.bits);
  EXPECT_THAT(bits, ElementsAre(6, 3, 3, 6));
  EXPECT_EQ(Tensor(rounded, "w1").values, ValueSet::Affine(6, 32));
  EXPECT_EQ(Tensor(rounded, "w3").values, ValueSet::Affine(3, 4));
  options.edge_bits = 0;
  const RoundedNetwork middle = RoundWeights(Network(), nullptr, options).value();
  EXPECT_EQ(middle.weights.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<FloatTensor>(middle.graph.parameters.at("w4").value));
}

TEST(RoundWeights, CompensatedComesNearerToTheNetwork) {
  const data::ImageSet images = Images(60);
  const Graph graph = Network();
  for (const int bits : {2, 3, 4}) {
    WeightRounding options = Compensated(bits);
    const RoundedNetwork rounded = RoundWeights(graph, &images, options).value();
    EXPECT_TRUE(Validate(rounded.graph).ok());
    ASSERT_EQ(rounded.weights.size(), 4u);
    for (const RoundedWeight& weight : rounded.weights) {
      EXPECT_GT(weight.output_error, 0) << weight.layer;
      EXPECT_LT(weight.output_error, weight.nearest_error) << weight.layer;
      EXPECT_EQ(Tensor(rounded, weight.weight).values, ValueSet::Affine(bits, 1 << (bits - 1)));
    }
    options.rounding = Rounding::kNearest;
    const RoundedNetwork nearest = RoundWeights(graph, nullptr, options).value();
    EXPECT_LT(Difference(graph, rounded.graph, "logits", images),
              .7 * Difference(graph, nearest.graph, "logits", images))
        << bits << " bits";
  }
}

// What is told of a layer without padding, few enough outputs to look at all, is what running it shows: "head" has 60 patches.
TEST(RoundWeights, TellsTheErrorOfTheOutputs) {
  const data::ImageSet images = Images(60);
  const Graph graph = Network();
  const RoundedNetwork rounded = RoundWeights(graph, &images, Compensated(3)).value();
  EXPECT_NEAR(rounded.weights[3].output_error, Difference(graph, rounded.graph, "logits", images), 1e-5);
}

TEST(RoundWeights, ThreadsDoNotMatter) {
  const data::ImageSet images = Images(20);
  WeightRounding options = Compensated(3);
  const RoundedNetwork one = RoundWeights(Network(), &images, options).value();
  options.threads = 3;
  const RoundedNetwork three = RoundWeights(Network(), &images, options).value();
  for (size_t i = 0; i < one.weights.size(); ++i) {
    const std::string& name = one.weights[i].weight;
    EXPECT_EQ(Tensor(one, name).codes, Tensor(three, name).codes);
    EXPECT_EQ(Tensor(one, name).scales, Tensor(three, name).scales);
    EXPECT_EQ(one.weights[i].output_error, three.weights[i].output_error);
  }
}

// All of the first layer's outputs are 0, and one channel of the images.
TEST(RoundWeights, NothingToSeeIsTheNearest) {
  data::ImageSet images = Images(20);
  for (size_t i = 0; i < images.pixels.size(); ++i) {
    if (i / 64 % 2 == 1) images.pixels[i] = 0;
  }
  Graph graph = Network();
  graph.nodes[1] = {"relu1", "Clip", {"c1", "zero", "zero"}, {"r1"}, {}};
  graph.parameters["zero"].value = FloatTensor(Shape(), {0});
  std::get<FloatTensor>(graph.parameters.at("b3").value).data.assign(8, 0);
  const RoundedNetwork rounded = RoundWeights(graph, &images, Compensated(3)).value();
  const FloatTensor& w2 = std::get<FloatTensor>(graph.parameters.at("w2").value);
  EXPECT_EQ(rounded.weights[1].output_error, 0);
  EXPECT_EQ(Tensor(rounded, "w2").codes, RoundToIntegers(w2, 3, WeightRange::kMeanSquaredError).codes);
  EXPECT_TRUE(Validate(rounded.graph).ok());
}

// A weight of two layers is fitted to both; a recurrent layer's are rounded to the nearest.
TEST(RoundWeights, SharedAndRecurrentWeights) {
  Graph graph;
  graph.name = "net";
  graph.inputs = {{"image", {kDynamic, 2, 8, 8}}};
  graph.outputs = {"sum", "h"};
  graph.parameters["w"].value = Normals({2, 2, 3, 3}, "w");
  graph.parameters["rows"].value = Int64Tensor({3}, {-1, 16, 8});
  graph.parameters["wx"].value = Normals({1, 5, 8}, "wx");
  graph.parameters["wh"].value = Normals({1, 5, 5}, "wh");
  const Attributes padded = {{"pads", Ints{1, 1, 1, 1}}};
  graph.nodes = {{"one", "Conv", {"image", "w"}, {"a"}, padded},
                 {"two", "Conv", {"a", "w"}, {"b"}, padded},
                 {"add", "Add", {"a", "b"}, {"sum"}, {}},
                 {"reshape", "Reshape", {"sum", "rows"}, {"x"}, {}},
                 {"rnn", "RNN", {"x", "wx", "wh"}, {"y", "h"}, {{"layout", int64_t{1}}}}};
  const data::ImageSet images = Images(20);
  const RoundedNetwork rounded = RoundWeights(graph, &images, Compensated(4)).value();
  ASSERT_EQ(rounded.weights.size(), 3u);
  EXPECT_EQ(rounded.weights[0].layer, "one");
  EXPECT_LT(rounded.weights[0].output_error, rounded.weights[0].nearest_error);
  EXPECT_EQ(rounded.weights[1].output_error, -1);
  const FloatTensor& wx = std::get<FloatTensor>(graph.parameters.at("wx").value);
  EXPECT_EQ(Tensor(rounded, "wx").codes, RoundToIntegers(wx, 4, WeightRange::kMeanSquaredError).codes);
}

std::string ErrorOf(const Graph& graph, const data::ImageSet* images, const WeightRounding& options) {
  const Result<RoundedNetwork> rounded = RoundWeights(graph, images, options);
  return rounded.ok() ? "" : rounded.error().message;
}

TEST(RoundWeights, RefusesBadInput) {
  const data::ImageSet images = Images(4);
  const WeightRounding compensated = Compensated(4);
  EXPECT_EQ(ErrorOf(Network(), nullptr, compensated), "compensated rounding needs images to see the layers' inputs on");
  EXPECT_THAT(ErrorOf(Network(), nullptr, {.bits = 1}), HasSubstr("weight bits are 2..8, or 0"));
  EXPECT_THAT(ErrorOf(Network(), nullptr, {.edge_bits = 9}), HasSubstr("edge weight bits are 2..8, or 0"));
  WeightRounding samples = compensated;
  samples.samples = 0;
  EXPECT_THAT(ErrorOf(Network(), &images, samples), HasSubstr("at least 1 sample"));
  data::ImageSet wide = Images(4);
  wide.image = {2, 4, 16};
  EXPECT_THAT(ErrorOf(Network(), &wide, compensated), HasSubstr("takes images [2, 8, 8]"));
  Graph graph = Network();
  std::get<FloatTensor>(graph.parameters.at("w2").value).data[3] = std::numeric_limits<float>::infinity();
  for (const Rounding rounding : {Rounding::kNearest, Rounding::kCompensated}) {
    WeightRounding options = compensated;
    options.rounding = rounding;
    EXPECT_EQ(ErrorOf(graph, &images, options), "weight 'w2' has a value that is not finite");
  }
  Graph large = Network();
  for (float& w : std::get<FloatTensor>(large.parameters.at("w1").value).data) w = 3e38f;
  EXPECT_THAT(ErrorOf(large, &images, compensated), HasSubstr("'r1' is not finite in the samples"));
}

TEST(RoundWeightsAlone, SaysWhatItCannotDo) {
  Graph graph;
  graph.name = "net";
  graph.inputs = {{"x", {kDynamic, 2}}};
  graph.outputs = {"y"};
  graph.parameters["w"].value = FloatTensor({2, 2}, {1, 2, 3, 4});
  graph.nodes = {{"one", "Gemm", {"x", "w"}, {"y"}, {{"transB", int64_t{1}}}}};
  const Result<RoundedNetwork> rounded = RoundWeightsAlone(graph, nullptr, {.bits = 3});
  ASSERT_TRUE(rounded.ok());
  EXPECT_EQ(Tensor(rounded.value(), "w").values, ValueSet::Affine(3, 4));
  EXPECT_EQ(RoundWeightsAlone(graph, nullptr, {.bits = 0}).error().message,
            "neither weights nor activations are to be quantized: both have 0 bits");
  EXPECT_EQ(RoundWeightsAlone(rounded.value().graph, nullptr, {.bits = 3}).error().message,
            "network 'net' has no Conv, Gemm or recurrent layer with float weights");
}

}  // namespace
}  // namespace lowbit::compress
