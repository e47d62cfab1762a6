// The kernels `conv` against their specification, on every target.

#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/runtime/kernels/conv/kernel.h"
#include "lowbit/runtime/testing/conv_operands.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::AllValueSets;
using testing::ConvWeightShape;
using testing::ExpectWithinBound;
using testing::ForEachTarget;
using testing::RandomCodes;
using testing::RandomConvOperands;
using testing::RandomConvShape;
using testing::RandomSource;

// Runs the kernel in tasks of `task_pixels` pixels and `task_panels` panels.
std::vector<float> RunKernel(const ConvOperands& operands, int64_t task_pixels, int64_t task_panels) {
  const ConvKernel& kernel = ChooseConvKernel();
  const ConvShape& s = operands.shape;
  const int64_t pixels = operands.images * s.out_height * s.out_width;
  std::vector<float> output(static_cast<size_t>(pixels * s.out_channels), -12345.0f);
  const auto scratch = hwy::AllocateAligned<float>(kConvScratchFloats);
  for (int64_t group = 0; group < s.groups; ++group) {
    const WeightSource source = {operands.weight,  false,           group * s.GroupOutputs(),
                                 s.GroupOutputs(), s.GroupInputs(), s.Taps()};
    const PackedWeights weights = Pack(source, kernel.lanes);
    for (int64_t panel = 0; panel < weights.Panels(); panel += task_panels) {
      for (int64_t pixel = 0; pixel < pixels; pixel += task_pixels) {
        ConvTask task;
        task.shape = &s;
        task.weights = &weights;
        task.epilogue = &operands.epilogue;
        task.input = operands.input.data();
        task.residual = operands.residual.empty() ? nullptr : operands.residual.data();
        task.output = output.data();
        task.group = group;
        task.first_pixel = pixel;
        task.pixels = std::min(task_pixels, pixels - pixel);
        task.first_panel = panel;
        task.panels = std::min(task_panels, weights.Panels() - panel);
        task.scratch = scratch.get();
        kernel.run(task);
      }
    }
  }
  return output;
}

TEST(ConvKernel, AgreesWithTheReferenceOnRandomLayers) {
  const std::vector<ValueSet> sets = AllValueSets(1);
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomSource random(seed);
    const ConvShape shape = RandomConvShape(&random);
    Parameter weight;
    if (seed % 4 == 0) {
      weight.value = random.Tensor(ConvWeightShape(shape), -1, 1);
    } else {
      const size_t set = seed % 4 == 1 ? 0 : seed % 4 == 2 ? 1 : seed / 4 % sets.size();
      weight.value = RandomCodes(ConvWeightShape(shape), sets[set], true, &random);
    }
    const ConvOperands operands = RandomConvOperands(shape, weight, &random);
    const ConvExpectation expected = ConvReference(operands);
    ForEachTarget([&] { ExpectWithinBound(expected, RunKernel(operands, 1 << 20, kConvPanelBlock)); });
  }
}

TEST(ConvKernel, ReadsEveryValueSet) {
  // Nine taps: a codebook of blocks of three runs through rows of the kernel.
  ConvShape shape;
  shape.in_height = shape.in_width = 5;
  shape.out_height = shape.out_width = 3;
  shape.kernel_height = shape.kernel_width = 3;
  shape.in_channels = 7;
  shape.out_channels = 37;
  for (const ValueSet& set : AllValueSets(3)) {
    SCOPED_TRACE(set.Name());
    RandomSource random(3);
    Parameter weight;
    weight.value = RandomCodes(ConvWeightShape(shape), set, false, &random);
    const ConvOperands operands = RandomConvOperands(shape, weight, &random);
    const ConvExpectation expected = ConvReference(operands);
    ForEachTarget([&] { ExpectWithinBound(expected, RunKernel(operands, 1 << 20, kConvPanelBlock)); });
  }
}

TEST(ConvKernel, SumsLongerThanAChunkAndWiderThanABlock) {
  for (const int64_t columns : {kConvChunk - 1, kConvChunk, kConvChunk + 1, 3 * kConvChunk + 5}) {
    SCOPED_TRACE(columns);
    RandomSource random(static_cast<uint64_t>(columns));
    ConvShape shape;
    shape.in_channels = columns;
    shape.out_channels = 601;
    Parameter weight;
    weight.value = RandomCodes(ConvWeightShape(shape), ValueSet::Ternary(), true, &random);
    ConvOperands operands = RandomConvOperands(shape, weight, &random);
    const ConvExpectation expected = ConvReference(operands);
    ForEachTarget([&] { ExpectWithinBound(expected, RunKernel(operands, 1 << 20, kConvPanelBlock)); });
  }
}

// Every way to cut the work gives the same bits: the promise that threads and batches rest on.
TEST(ConvKernel, BitsDoNotDependOnTheSplit) {
  for (uint64_t seed = 100; seed < 112; ++seed) {
    SCOPED_TRACE(seed);
    RandomSource random(seed);
    const ConvShape shape = RandomConvShape(&random);
    Parameter weight;
    weight.value =
        RandomCodes(ConvWeightShape(shape), seed % 2 == 0 ? ValueSet::Binary() : ValueSet::Ternary(), true, &random);
    const ConvOperands operands = RandomConvOperands(shape, weight, &random);
    ForEachTarget([&] {
      const std::vector<float> whole = RunKernel(operands, 1 << 20, kConvPanelBlock);
      for (const int64_t pixels : {1, 2, 3, 5, 12, 13}) {
        EXPECT_EQ(whole, RunKernel(operands, pixels, 1));
        EXPECT_EQ(whole, RunKernel(operands, pixels, 3));
      }
    });
  }
}

TEST(Pack, RefusesATransposedTensorWithRowScales) {
  RandomSource random(1);
  Parameter weight;
  weight.value = RandomCodes({4, 6}, ValueSet::Ternary(), true, &random);
  EXPECT_TRUE(CanPack({&weight, false, 0, 4, 6, 1}));
  EXPECT_FALSE(CanPack({&weight, true, 0, 6, 4, 1}));
  weight.value = RandomCodes({4, 6}, ValueSet::Ternary(), false, &random);
  EXPECT_TRUE(CanPack({&weight, true, 0, 6, 4, 1}));
}

TEST(Pack, KeepsTernaryAtTwoBitsAndBinaryAtOne) {
  RandomSource random(2);
  Parameter weight;
  weight.value = RandomCodes({64, 64, 3, 3}, ValueSet::Ternary(), true, &random);
  EXPECT_EQ(Pack({&weight, false, 0, 64, 64, 9}, 16).word_count * 16, 64u * 64 * 9);
  weight.value = RandomCodes({64, 64, 3, 3}, ValueSet::Binary(), true, &random);
  EXPECT_EQ(Pack({&weight, false, 0, 64, 64, 9}, 16).word_count * 32, 64u * 64 * 9);
}

}  // namespace
}  // namespace lowbit::runtime
