// Kernels of operators that move, choose and look up elements, each against the operator's definition, bit for bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "lowbit/runtime/testing/one_node.h"

namespace lowbit::runtime {
namespace {

using testing::ExpectTheDefinition;
using testing::OneNode;
using testing::Ramp;

// Every order of four dimensions behind the batch; tiles that end early; dimensions of extent 1; several tasks.
TEST(TransposeKernel, GivesTheDefinitionsBits) {
  using Ints = std::vector<int64_t>;
  const auto expect = [](const Ints& perm, const Shape& image) {
    SCOPED_TRACE(ToString(perm) + " of " + ToString(image));
    ExpectTheDefinition(OneNode("Transpose", {{"perm", perm}}).Computed(image), "transpose_f32");
  };
  Ints perm = {0, 1, 2, 3, 4};
  do {
    expect(perm, {2, 3, 4, 5});
    expect(perm, {2, 1, 17, 1});
  } while (std::next_permutation(perm.begin() + 1, perm.end()));
  perm = {0, 1, 2, 3};
  do {
    expect(perm, {3, 4, 5});
    expect(perm, {40, 1, 33});
  } while (std::next_permutation(perm.begin() + 1, perm.end()));
  expect({0, 2, 1}, {70, 530});
  expect({0, 2, 1}, {530, 70});
  expect({0, 2, 3, 1}, {3, 90, 101});
  expect({0, 2, 1}, {1, 1});
  ExpectTheDefinition(OneNode("Transpose").Known({3, 7}), "transpose_f32");
}

TEST(StridedCopyKernels, GiveTheDefinitionsBits) {
  ExpectTheDefinition(OneNode("Gather", {{"axis", int64_t{1}}}).Computed({4, 3}).Constant(FloatTensor({3}, {2, -1, 0})),
                      "gather_f32");
  ExpectTheDefinition(
      OneNode("Gather", {{"axis", int64_t{3}}}).Computed({4, 3, 5}).Constant(FloatTensor({3}, {4, 4, 1})),
      "gather_f32");
  ExpectTheDefinition(OneNode("SpaceToDepth", {{"blocksize", int64_t{2}}}).Computed({3, 4, 6}), "spacetodepth_f32");
  ExpectTheDefinition(OneNode("Expand").Computed({1, 4}).Integers({1, 3, 4}), "expand_f32");
  ExpectTheDefinition(OneNode("Tile").Computed({2, 3}).Integers({1, 2, 3}), "tile_f32");
  ExpectTheDefinition(OneNode("Slice").Computed({3, 4, 5}).Integers({-1}).Integers({-9}).Integers({2}).Integers({-2}),
                      "slice_f32");
  ExpectTheDefinition(OneNode("Slice").Computed({7, 5}).Integers({1}).Integers({3}).Integers({1}), "slice_f32");
  ExpectTheDefinition(OneNode("Concat", {{"axis", int64_t{2}}}).Computed({3, 4}).Computed({3, 2}), "concat_f32");
  ExpectTheDefinition(OneNode("Concat", {{"axis", int64_t{3}}}).Computed({3, 4, 5}).Computed({3, 4, 2}), "concat_f32");
  ExpectTheDefinition(OneNode("Reshape").Computed({3, 4, 5}).Integers({0, 5, 4, 3}), "reshape_f32");
  for (const char* mode : {"reflect", "edge", "wrap"}) {
    ExpectTheDefinition(
        OneNode("Pad", {{"mode", std::string(mode)}}).Computed({2, 4, 5}).Integers({0, 0, 1, 2, 0, 0, 2, 1}),
        "pad_f32");
  }
  ExpectTheDefinition(OneNode("Pad").Computed({4, 5}).Integers({0, 1, 0, 0, 0, 2}).Constant(FloatTensor({}, {7})),
                      "pad_f32");
}

TEST(StridedCopyKernels, TakeConstantParts) {
  Graph graph = OneNode("Concat", {{"axis", int64_t{1}}}).Computed({4, 3}).Constant(Ramp({1, 2, 3})).graph();
  graph.inputs[0].shape[0] = 1;
  const std::vector<float> x = Ramp({1, 4, 3}).data;
  std::vector<float> expected = x;
  const std::vector<float> constant = Ramp({1, 2, 3}).data;
  expected.insert(expected.end(), constant.begin(), constant.end());
  EXPECT_EQ(testing::RunOneNode(graph, {x}, 1, {.strict = true}), expected);
}

TEST(SplitKernel, CutsAsTheDefinition) {
  for (const int64_t axis : {1, 2, 3, -1}) {
    const Attributes attributes = {{"axis", axis}};
    ExpectTheDefinition(OneNode("Split", attributes).Computed({6, 12, 6}).Outputs(2), "split_f32");
    ExpectTheDefinition(OneNode("Split", attributes).Computed({6, 6, 6}).Integers({1, 3, 2}).Outputs(3), "split_f32");
    ExpectTheDefinition(OneNode("Split", attributes).Computed({6, 6, 6}).Outputs(1), "split_f32");
  }
  ExpectTheDefinition(OneNode("Split", {{"axis", int64_t{1}}}).Computed({7}).Outputs(3), "split_f32");
  ExpectTheDefinition(OneNode("Split", {{"axis", int64_t{2}}}).Computed({300, 192}).Outputs(3), "split_f32");
  ExpectTheDefinition(OneNode("Split", {{"axis", int64_t{2}}}).Computed({2, 3, 4, 5}).Outputs(3), "split_f32");
}

// Along the images, of a batch that is known.
TEST(SplitKernel, CutsABatch) {
  Graph graph = OneNode("Split", {{"axis", int64_t{0}}}).Computed({2, 3, 5}).Integers({1, 3}).Outputs(2).graph();
  graph.inputs[0].shape[0] = 4;
  const std::vector<float> x = Ramp({4, 2, 3, 5}).data;
  EXPECT_EQ(testing::RunOneNode(graph, {x}, 4, {.strict = true}), x);
}

// --- Operators that look places up.

// Places inside and outside, negative ones, halves, no numbers.
testing::OneNodeInputs WithPlaces(const OneNode& node, int64_t batch, size_t input, float most) {
  testing::OneNodeInputs inputs = testing::DrawInputs(node.graph(), batch, -4, 4);
  std::vector<float>& places = inputs[input];
  places = testing::RandomSource(9).Floats(static_cast<int64_t>(places.size()), -most - 1, most + 1);
  for (size_t i = 0; i < places.size(); i += 3) places[i] = std::round(places[i]);
  places.back() = std::nanf("");
  return inputs;
}

void ExpectLookUps(const OneNode& node, const std::string& kernel, size_t input, float most) {
  for (const int64_t batch : {1, 3}) {
    ExpectTheDefinition(node, kernel, WithPlaces(node, batch, input, most), batch, nullptr);
  }
}

TEST(LookUpKernels, GatherAsTheDefinition) {
  for (const int64_t axis : {1, 2, 3}) {
    const Attributes attributes = {{"axis", axis}};
    ExpectLookUps(OneNode("GatherElements", attributes).Computed({4, 3, 5}).Computed({4, 3, 5}), "gatherelements_f32",
                  1, 4);
    ExpectLookUps(OneNode("Gather", attributes).Computed({4, 3, 5}).Computed({}), "gather_f32", 1, 4);
    ExpectLookUps(OneNode("Gather", attributes).Computed({4, 3, 5}).Computed({2}), "gather_f32", 1, 4);
  }
  ExpectLookUps(OneNode("Gather", {{"axis", int64_t{0}}}).Computed({4, 3}).Computed({2}), "gather_f32", 1, 3);
  ExpectLookUps(OneNode("GatherElements", {{"axis", int64_t{1}}}).Computed({40}).Computed({70}), "gatherelements_f32",
                1, 40);
  ExpectLookUps(OneNode("GatherElements", {{"axis", int64_t{0}}}).Computed({4}).Computed({3}), "gatherelements_f32", 1,
                3);
  // Words: rows of a table; a row of it for each image.
  ExpectLookUps(OneNode("GatherElements", {{"axis", int64_t{1}}}).Constant(Ramp({3, 10})).Computed({4}),
                "gatherelements_f32", 0, 10);
  ExpectLookUps(OneNode("GatherElements").Constant(Ramp({9, 4})).Computed({4}), "gatherelements_f32", 0, 9);
  ExpectLookUps(OneNode("Gather").Constant(Ramp({9, 33})).Computed({7}), "gather_f32", 0, 9);
  ExpectLookUps(OneNode("Gather").Constant(Ramp({9, 2, 3})).Computed({}), "gather_f32", 0, 9);
  ExpectLookUps(OneNode("Gather").Constant(Ramp({9, 1000})).Computed({70}), "gather_f32", 0, 9);
  ExpectLookUps(OneNode("GatherND", {{"batch_dims", int64_t{1}}}).Computed({4, 3, 5}).Computed({6, 2}), "gathernd_f32",
                1, 4);
  ExpectLookUps(OneNode("GatherND", {{"batch_dims", int64_t{1}}}).Computed({4, 3, 5}).Computed({2, 2, 3}),
                "gathernd_f32", 1, 4);
  ExpectLookUps(OneNode("GatherND", {{"batch_dims", int64_t{2}}}).Computed({4, 3, 5}).Computed({4, 1}), "gathernd_f32",
                1, 4);
  ExpectLookUps(OneNode("GatherND").Computed({4, 3}).Computed({2, 3}), "gathernd_f32", 1, 4);
}

TEST(LookUpKernels, ScatterAsTheDefinition) {
  for (const char* reduction : {"none", "add", "mul", "max", "min"}) {
    SCOPED_TRACE(reduction);
    for (const int64_t axis : {1, 2, 3}) {
      const Attributes attributes = {{"axis", axis}, {"reduction", std::string(reduction)}};
      ExpectLookUps(OneNode("ScatterElements", attributes).Computed({4, 3, 5}).Computed({4, 2, 5}).Computed({4, 2, 5}),
                    "scatterelements_f32", 1, 4);
    }
    const Attributes attributes = {{"reduction", std::string(reduction)}};
    ExpectLookUps(OneNode("ScatterElements", attributes).Computed({5}).Computed({5}).Computed({5}),
                  "scatterelements_f32", 1, 3);
    ExpectLookUps(OneNode("ScatterND", attributes).Computed({4, 3}).Computed({2}).Computed({3}), "scatternd_f32", 1, 4);
    ExpectLookUps(OneNode("ScatterND", attributes).Computed({4, 3, 5}).Computed({6, 2}).Computed({6, 3, 5}),
                  "scatternd_f32", 1, 4);
  }
}

// They name elements of the first image.
TEST(LookUpKernels, ScatterAtKnownPlaces) {
  const OneNode node = OneNode("ScatterElements", {{"axis", int64_t{1}}})
                           .Computed({5})
                           .Constant(FloatTensor({1, 2}, {4, -5}))
                           .Constant(FloatTensor({1, 2}, {7, 8}));
  ExpectTheDefinition(node, "scatterelements_f32");
}

TEST(TopKKernel, ChoosesAsTheDefinition) {
  for (const int64_t axis : {1, 2, 3}) {
    for (const int64_t largest : {0, 1}) {
      const Attributes attributes = {{"axis", axis}, {"largest", largest}};
      for (const int64_t k : {1, 3, 5}) {
        const OneNode node = OneNode("TopK", attributes).Computed({5, 6, 70}).Integers({k}).Outputs(2);
        ExpectTheDefinition(node, "topk_f32");
        // Many that are equal.
        testing::OneNodeInputs few = testing::DrawInputs(node.graph(), 2, -2, 2);
        for (float& v : few[0]) v = std::round(v);
        ExpectTheDefinition(node, "topk_f32", few, 2, nullptr);
      }
    }
  }
  ExpectTheDefinition(OneNode("TopK").Computed({300}).Integers({300}).Outputs(1), "topk_f32");
}

TEST(TopKKernel, PutsWhatIsNoNumberLast) {
  const OneNode node = OneNode("TopK").Computed({5}).Integers({4}).Outputs(1);
  const float nan = std::nanf("");
  for (const float infinity : {INFINITY, -INFINITY}) {
    const std::vector<float> y = testing::RunOneNode(node.graph(), {{nan, 1, nan, infinity, 2}}, 1, {});
    EXPECT_EQ(std::vector<float>(y.begin(), y.begin() + 3),
              infinity > 0 ? (std::vector<float>{infinity, 2, 1}) : (std::vector<float>{2, 1, infinity}));
    EXPECT_TRUE(std::isnan(y[3]));
  }
}

}  // namespace
}  // namespace lowbit::runtime
