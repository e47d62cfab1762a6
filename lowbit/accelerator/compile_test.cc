// A compiled stretch of a network gives the codes and the sums of the network's integer form, bit for bit.

#include "lowbit/accelerator/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lowbit/accelerator/check.h"
#include "lowbit/accelerator/test_networks.h"

namespace lowbit::accelerator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Coding kTernary = {1, 0, true}, kElastic41 = {2, 1, true}, kElastic30 = {2, 0, true};
constexpr Coding kUnsigned4 = {2, 2, false}, kUnsigned3 = {2, 1, false}, kSigned4 = {2, 1, true};

// The stretch on what the integer form has at its beginning.
std::vector<int64_t> RunOn(const Compiled& compiled, const std::map<std::string, DoubleTensor>& values) {
  const auto result = RunStretch(compiled, AsIntegers(values.at(compiled.input.value)));
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return result.ok() ? result.value() : std::vector<int64_t>{};
}

// For some images, with 2, 4 and 8 lanes: as the integer form has the last value, which has more than `distinct` numbers.
void ExpectSame(const Graph& graph, const std::string& from, const std::string& to, size_t distinct) {
  std::set<int64_t> numbers;
  for (const int lanes : {2, 4, 8}) {
    const auto compiled = Compile(graph, {from, to, lanes});
    ASSERT_TRUE(compiled.ok()) << compiled.error().message;
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      const auto values = ValuesOf(graph, seed);
      const std::vector<int64_t> expected = AsIntegers(values.at(compiled.value().output.value));
      EXPECT_EQ(RunOn(compiled.value(), values), expected) << lanes << " lanes, image " << seed;
      numbers.insert(expected.begin(), expected.end());
    }
  }
  EXPECT_GT(numbers.size(), distinct);
}

Graph Plain(uint64_t seed, bool across = false) {
  TestNetwork net(seed, {kDynamic, 3, 9, 8});
  std::string x = net.Levels("image", "in", .1f, kUnsigned4);
  x = net.Add("Relu", {net.Conv(x, "conv1", {6, 3, 3, 3}, kElastic41, 1, 1)}, "relu1");
  x = net.Add("MaxPool", {x}, "pool1",
              {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
  x = net.Levels(x, "levels1", .1f, kUnsigned4);
  x = net.Add("Relu", {net.Conv(x, "conv2", {9, 6, 3, 2}, kElastic41, 1, 2)}, "relu2");
  x = net.Add("Flatten", {net.Grid(x, "grid2", .4f, 3)}, "flatten");
  return net.Finish(net.Linear(x, "fc", across ? Shape{9 * 2 * 3, 5} : Shape{5, 9 * 2 * 3}, across, kElastic30));
}

// Every second pixel, as different tools write it.
std::string Halve(TestNetwork* net, const std::string& input, bool slice) {
  if (!slice) {
    return net->Add("MaxPool", {input}, "kept",
                    {{"kernel_shape", std::vector<int64_t>{1, 1}}, {"strides", std::vector<int64_t>{2, 2}}});
  }
  return net->Add("Slice",
                  {input, net->Integers("starts", {0, 0}), net->Integers("ends", {6, 7}), net->Integers("axes", {2, 3}),
                   net->Integers("steps", {2, 2})},
                  "kept");
}

// Of two blocks; the second halves the image and puts channels of zeros at both sides of the shortcut, as ResNets for CIFAR do.
Graph Residual(uint64_t seed, bool slice) {
  TestNetwork net(seed, {kDynamic, 4, 6, 7});
  const std::string in = net.Levels("image", "in", .15f, kUnsigned3);
  std::string x = net.Add("Relu", {net.Conv(in, "conv1", {4, 4, 3, 3}, kElastic41, 1, 1)}, "relu1");
  x = net.Conv(net.Levels(x, "levels1", .2f, kUnsigned3), "conv2", {4, 4, 3, 3}, kElastic41, 1, 1);
  const std::string one =
      net.Levels(net.Add("Relu", {net.Add("Add", {x, in}, "add1")}, "relu2"), "levels2", .2f, kUnsigned3);
  x = net.Add("Relu", {net.Conv(one, "conv3", {8, 4, 3, 3}, kElastic41, 1, 2)}, "relu3");
  x = net.Conv(net.Levels(x, "levels3", .2f, kUnsigned3), "conv4", {8, 8, 3, 3}, kElastic41, 1, 1);
  const std::string kept = Halve(&net, one, slice);
  const std::string wide = net.Add("Pad", {kept, net.Integers("pads", {0, 2, 0, 0, 0, 2, 0, 0})}, "wide");
  x = net.Add("Relu", {net.Add("Add", {wide, x}, "add2")}, "relu4");
  return net.Finish(net.Levels(x, "out", .3f, kUnsigned3));
}

TEST(Compile, GivesTheCodesOfALayer) {
  for (const uint64_t seed : {1, 2}) ExpectSame(Plain(seed), "in", "levels1", 10);
}

TEST(Compile, GivesTheSumsOfTheLastLayer) {
  ExpectSame(Plain(3), "in", "", 15);
  ExpectSame(Plain(3, /*across=*/true), "in", "", 15);
}

TEST(Compile, BeginsWhereItIsAskedTo) { ExpectSame(Plain(4), "levels1", "grid2", 5); }

TEST(Compile, AddsTheOtherSideOfAResidualBlock) {
  for (const bool slice : {true, false}) {
    ExpectSame(Residual(1, slice), "in", "levels2", 6);
    const Graph graph = Residual(2, slice);
    // Two channels of zeros are no whole group of 4.
    const auto wide = Compile(graph, {"in", "out", 4});
    ASSERT_FALSE(wide.ok());
    EXPECT_THAT(wide.error().message, HasSubstr("fewer lanes"));
    const auto compiled = Compile(graph, {"in", "out", 2});
    ASSERT_TRUE(compiled.ok()) << compiled.error().message;
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      const auto values = ValuesOf(graph, seed);
      EXPECT_EQ(RunOn(compiled.value(), values), AsIntegers(values.at(compiled.value().output.value)));
    }
  }
}

TEST(Compile, PoolsWhatIsAdded) {
  TestNetwork net(6, {kDynamic, 4, 6, 6});
  const std::string in = net.Levels("image", "in", .15f, kUnsigned3);
  const std::vector<int64_t> two = {2, 2};
  const std::string pooled = net.Add("MaxPool", {in}, "pooled", {{"kernel_shape", two}, {"strides", two}});
  const std::string x = net.Conv(in, "conv1", {4, 4, 2, 2}, kElastic41, 0, 2);
  const Graph graph = net.Finish(net.Levels(net.Add("Add", {pooled, x}, "add"), "out", .3f, kUnsigned3));
  ExpectSame(graph, "in", "out", 5);
}

TEST(Compile, TakesActivationsWithASign) {
  TestNetwork net(5, {kDynamic, 5, 7, 5});
  std::string x = net.Levels("image", "in", .2f, kSigned4);
  x = net.Levels(net.Conv(x, "conv1", {6, 5, 3, 3}, kTernary, 1, 1), "levels1", .6f, kSigned4);
  x = net.Add("MaxPool", {x}, "pool1",
              {{"kernel_shape", std::vector<int64_t>{3, 3}}, {"pads", std::vector<int64_t>(4, 1)}});
  const Graph graph =
      net.Finish(net.Levels(net.Conv(x, "conv2", {8, 6, 1, 1}, kElastic41, 0, 1), "out", .12f, kSigned4));
  ExpectSame(graph, "in", "out", 9);
}

TEST(CompareStretch, CountsWhatDiffers) {
  const Graph graph = Plain(7);
  Compiled compiled = Compile(graph, {"in", "levels1", 4}).value();
  const DoubleTensor image = ImageOf(graph, 1);
  Comparison comparison = CompareStretch(graph, compiled, image).value();
  EXPECT_EQ(comparison.elements, 6 * 4 * 4);
  EXPECT_EQ(comparison.different, 0);
  // Every code of the first channel becomes the largest.
  for (size_t i = 0; i < 16; ++i) compiled.program.thresholds[4 * i] = compiled.program.array.Always();
  comparison = CompareStretch(graph, compiled, image).value();
  EXPECT_GT(comparison.different, 8);
  EXPECT_LE(comparison.different, 16);
}

TEST(Compile, SaysWhatTheHostIsLeftWith) {
  const auto compiled = Compile(Plain(1), {"levels1", "", 4});
  ASSERT_TRUE(compiled.ok()) << compiled.error().message;
  EXPECT_THAT(compiled.value().before, ElementsAre("in/rescale", "in", "conv1", "conv1/mul", "conv1/add", "relu1",
                                                   "pool1", "levels1/rescale", "levels1"));
  EXPECT_THAT(compiled.value().behind, ElementsAre("fc/mul"));
  ASSERT_EQ(compiled.value().sources.size(), 2u);
  EXPECT_EQ(compiled.value().sources[0].node, "conv2");
  EXPECT_EQ(compiled.value().sources[0].macs, 9 * 6 * 3 * 2 * (2 * 3));
}

TEST(Compile, RefusesWhatTheAcceleratorHasNot) {
  const auto error = [](const Graph& graph, const CompileOptions& options) {
    const auto compiled = Compile(graph, options);
    return compiled.ok() ? "" : compiled.error().message;
  };
  EXPECT_THAT(error(Plain(1), {"conv1", "", 4}), HasSubstr("no quantizer's value"));
  EXPECT_THAT(error(Plain(1), {"in", "relu1", 4}), HasSubstr("'relu1' (Relu)"));
  EXPECT_THAT(error(Plain(1), {"grid2", "levels1", 4}),
              HasSubstr("it needs 'image', which does not come from 'grid2/codes'"));
  EXPECT_THAT(error(Plain(1), {"", "", 65}), HasSubstr("1 to 64"));
  TestNetwork floats(1, {kDynamic, 2, 4, 4});
  EXPECT_THAT(error(floats.Finish(floats.Conv("image", "conv", {2, 2, 1, 1}, kTernary, 0, 1)), {}),
              HasSubstr("quantizes no activations"));
  TestNetwork average(1, {kDynamic, 2, 4, 4});
  std::string x = average.Conv(average.Levels("image", "in", .1f, kUnsigned3), "conv", {2, 2, 1, 1}, kTernary, 0, 1);
  x = average.Levels(average.Add("GlobalAveragePool", {x}, "mean"), "out", .1f, kUnsigned3);
  EXPECT_THAT(error(average.Finish(x), {"in", "out", 2}), HasSubstr("'mean' (GlobalAveragePool)"));
}

TEST(SmallestCoding, HasAllIntegers) {
  EXPECT_EQ(SmallestCoding({-1, 0, 1}, 8).value(), kTernary);
  EXPECT_EQ(SmallestCoding({0, 1, 2, 3, 4, 6, 8, 12, -6}, 8).value(), kElastic41);
  EXPECT_EQ(SmallestCoding({0, 15, 7}, 8).value(), (Coding{1, 3, false}));
  EXPECT_EQ(SmallestCoding({-8, 7}, 8).value(), (Coding{1, 3, true}));
  EXPECT_FALSE(SmallestCoding({0, 127, 254}, 7).ok());
}

}  // namespace
}  // namespace lowbit::accelerator
