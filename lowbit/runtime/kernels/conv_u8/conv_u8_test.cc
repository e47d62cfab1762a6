// The kernels `conv_u8` against their specification, bit for bit, on every target.

#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/runtime/kernels/conv_u8/kernel.h"
#include "lowbit/runtime/kernels/conv_u8/reference.h"
#include "lowbit/runtime/split_row.h"
#include "lowbit/runtime/testing/random_byte_operands.h"
#include "lowbit/runtime/testing/random_layers.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::ForEachTarget;
using testing::IntegerSets;
using testing::RandomByteOperands;
using testing::RandomConvShape;
using testing::RandomSource;

// Runs the kernel in tasks of `rows` rows (or pixels, where it reads in place) and `panels` panels.
ByteConvExpectation RunKernel(const ByteConvOperands& o, int64_t rows, int64_t panels) {
  const ByteConvKernel& kernel = ChooseByteConvKernel();
  const ConvShape& s = o.shape;
  std::vector<WeightSource> groups;
  for (int64_t group = 0; group < s.groups; ++group) {
    groups.push_back({o.weight, false, group * s.GroupOutputs(), s.GroupOutputs(), s.GroupInputs(), s.Taps()});
  }
  ByteConv conv(s, groups, o.input_offset, kernel);
  conv.finish = {o.epilogue, o.quantizer};
  ByteConvExpectation actual = testing::BlankResults(o);
  const int64_t total = o.images * s.out_height * (conv.in_place ? s.out_width : 1);
  for (int64_t panel = 0; panel < conv.weights[0].Panels(); panel += panels) {
    for (int64_t first = 0; first < total;) {
      ByteTask task;
      task.input = o.input.data();
      task.output.residual = testing::ResidualOf(o);
      task.output.floats = actual.floats.data();
      task.output.bytes = actual.bytes.data();
      task.first = first;
      task.count = std::min(rows, total - first);
      if (!conv.in_place) task.count = std::min(task.count, s.out_height - first % s.out_height);
      task.first_panel = panel;
      task.panels = std::min(panels, conv.weights[0].Panels() - panel);
      const auto scratch = hwy::AllocateAligned<float>(static_cast<size_t>(conv.ScratchFloats(task.count)));
      task.scratch = scratch.get();
      kernel.run(conv, task);
      first += task.count;
    }
  }
  return actual;
}

void ExpectTheReferencesBits(const ByteConvOperands& operands) {
  const ByteConvExpectation expected = ByteConvReference(operands);
  ForEachTarget([&] {
    for (const auto& [rows, panels] : {std::pair{1000, 1000}, {1, 1}, {3, 2}}) {
      const ByteConvExpectation actual = RunKernel(operands, rows, panels);
      ASSERT_EQ(expected.floats, actual.floats);
      ASSERT_EQ(expected.bytes, actual.bytes);
    }
  });
}

TEST(ByteConvKernel, GivesTheReferencesBitsOnRandomLayers) {
  const std::vector<ValueSet> sets = IntegerSets();
  for (uint64_t seed = 0; seed < 90; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomSource random(seed);
    Parameter weight;
    ExpectTheReferencesBits(RandomByteOperands(RandomConvShape(&random), sets[seed % sets.size()], &random, &weight));
  }
}

// Vectors of integers: whole kernels of 1, 2 and 4 channels, which have code of their own on some targets, and others.
TEST(ByteConvKernel, GivesTheReferencesBitsOnCodebooks) {
  for (uint64_t seed = 0; seed < 80; ++seed) {
    RandomSource random(seed);
    ConvShape shape = RandomConvShape(&random);
    if (seed % 4 == 0) shape.groups = 1, shape.in_channels = 4 * random.Int(1, 10);
    const int block = testing::RandomBlock(shape, &random), count = seed % 5 == 0 ? 300 : 256;
    const int64_t largest =
        seed % 8 < 6 ? 127 : 3000;  // Beyond bytes they are no vectors any more, but two bytes each.
    std::vector<float> vectors;
    for (int i = 0; i < count * block; ++i) vectors.push_back(static_cast<float>(random.Int(-largest, largest)));
    const ValueSet values = ValueSet::Codebook(std::move(vectors), block);
    SCOPED_TRACE("seed " + std::to_string(seed) + " " + values.Name());
    Parameter weight;
    ExpectTheReferencesBits(RandomByteOperands(shape, values, &random, &weight));
  }
}

// Products of a matrix with every number of rows, which are the tails of the tiles.
TEST(ByteConvKernel, GivesTheReferencesBitsOnMatrices) {
  const std::vector<ValueSet> sets = IntegerSets();
  for (int64_t rows = 1; rows <= 30; ++rows) {
    SCOPED_TRACE(rows);
    RandomSource random(static_cast<uint64_t>(rows));
    ConvShape shape;
    shape.in_width = shape.out_width = rows;
    shape.in_channels = random.Coin() ? 4 * random.Int(1, 40) : random.Int(1, 150);
    shape.out_channels = random.Int(1, 100);
    Parameter weight;
    ExpectTheReferencesBits(RandomByteOperands(shape, sets[static_cast<size_t>(rows) % sets.size()], &random, &weight));
  }
}

// One row, which has code of its own on some targets: whole and partial words, whole and partial groups of panels.
TEST(ByteConvKernel, GivesTheReferencesBitsOnOneRow) {
  uint64_t seed = 0;
  for (const ValueSet& set : IntegerSets()) {
    for (const int64_t columns : {4, 12, 68, 1024}) {
      for (const int64_t outputs : {1, 33, 300}) {
        SCOPED_TRACE(set.Name() + " " + std::to_string(columns) + " " + std::to_string(outputs));
        RandomSource random(++seed);
        ConvShape shape;
        shape.in_channels = columns;
        shape.out_channels = outputs;
        Parameter weight;
        ByteConvOperands operands = RandomByteOperands(shape, set, &random, &weight);
        operands.images = 1;
        operands.input.resize(static_cast<size_t>(columns));
        operands.residual_floats.clear();
        operands.residual_bytes.clear();
        ExpectTheReferencesBits(operands);
      }
    }
  }
}

// As many of the largest products as SumsFit allows, of either sign.
TEST(ByteConvKernel, AddsUpToTheEndsOf32Bits) {
  constexpr int64_t kTerms = 258;
  for (const int code : {0, 1}) {
    for (const int32_t offset : {0, 255}) {
      RandomSource random(1);
      ConvShape shape;
      shape.in_width = shape.out_width = 7;
      shape.in_channels = kTerms;
      shape.out_channels = 40;
      Parameter weight;
      const ValueSet values = ValueSet::Table({-kMaxIntegerWeight, kMaxIntegerWeight});
      ByteConvOperands operands = RandomByteOperands(shape, values, &random, &weight);
      auto& tensor = std::get<QTensor>(weight.value);
      std::fill(tensor.codes.begin(), tensor.codes.end(), static_cast<uint8_t>(code));
      std::fill(operands.input.begin(), operands.input.end(), static_cast<uint8_t>(255 - offset));
      operands.input_offset = offset;
      EXPECT_TRUE(SumsFit(tensor, *IntegersOf({&weight, false, 0, 40, kTerms, 1}), true, 255));
      ExpectTheReferencesBits(operands);
    }
  }
}

TEST(SplitRow, CoversEveryRowOnce) {
  for (int64_t pixels = 1; pixels < 100; ++pixels) {
    int64_t next = 0;
    SplitRow<12>(pixels, [&](int64_t first, int count) {
      EXPECT_EQ(first, next);
      EXPECT_TRUE(RowSplits<12>::HasTile(count));
      next += count;
    });
    EXPECT_EQ(next, pixels);
  }
}

TEST(SplitRow, PrefersLargeTiles) {
  const auto split = [](int64_t pixels) {
    std::vector<int> tiles;
    SplitRow<12>(pixels, [&](int64_t, int count) { tiles.push_back(count); });
    std::sort(tiles.begin(), tiles.end());
    return tiles;
  };
  EXPECT_EQ(split(7), std::vector<int>{7});
  EXPECT_EQ(split(14), (std::vector<int>{6, 8}));
  EXPECT_EQ(split(28), (std::vector<int>{8, 8, 12}));
  EXPECT_EQ(split(56), (std::vector<int>{8, 12, 12, 12, 12}));
}

}  // namespace
}  // namespace lowbit::runtime
