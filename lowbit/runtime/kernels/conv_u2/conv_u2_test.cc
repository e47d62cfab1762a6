// The kernels `conv_u2` against their specification, bit for bit, on every target.

#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/runtime/kernels/conv_u2/kernel.h"
#include "lowbit/runtime/kernels/conv_u8/reference.h"
#include "lowbit/runtime/testing/random_byte_operands.h"
#include "lowbit/runtime/testing/random_layers.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::ForEachTarget;
using testing::RandomByteOperands;
using testing::RandomConvShape;
using testing::RandomSource;

std::vector<ValueSet> SmallSets() {
  return {ValueSet::Binary(),
          ValueSet::Ternary(),
          ValueSet::Affine(1, 0),
          ValueSet::Affine(2, 2),
          ValueSet::Table({-2, -1, 1, 2}),
          ValueSet::Table({0, 2})};
}

// Signs; one and two bits, with any zero point; three values.
std::vector<ByteFormat> SmallFormats() {
  return {{1, 2, 2}, {0, 1, 1}, {1, 1, 1}, {0, 3, 1}, {2, 3, 1}, {3, 3, 1}, {1, 2, 1}};
}

ByteConvOperands SmallOperands(const ConvShape& shape, const ValueSet& values, const ByteFormat& format,
                               RandomSource* random, Parameter* weight) {
  ByteConvOperands operands = RandomByteOperands(shape, values, random, weight);
  operands.input_offset = format.offset;
  for (uint8_t& byte : operands.input) byte = static_cast<uint8_t>(byte % format.Values() * format.step);
  return operands;
}

// Runs the kernel in tasks of `units` rows or pixels and `panels` panels.
ByteConvExpectation RunKernel(const ByteConvOperands& o, const ByteFormat& format, int64_t units, int64_t panels) {
  const CodeConvKernel& kernel = ChooseCodeConvKernel();
  const ConvShape& s = o.shape;
  std::vector<WeightSource> groups;
  for (int64_t group = 0; group < s.groups; ++group) {
    groups.push_back({o.weight, false, group * s.GroupOutputs(), s.GroupOutputs(), s.GroupInputs(), s.Taps()});
  }
  CodeConv conv(s, groups, format, kernel);
  conv.finish = {o.epilogue, o.quantizer};
  ByteConvExpectation actual = testing::BlankResults(o);
  const int64_t total = o.images * s.out_height * (conv.pixels ? s.out_width : 1);
  for (int64_t panel = 0; panel < conv.Panels(); panel += panels) {
    for (int64_t first = 0; first < total;) {
      ByteTask task;
      task.input = o.input.data();
      task.output = {testing::ResidualOf(o), actual.floats.data(), actual.bytes.data()};
      task.first = first;
      task.count = std::min(units, total - first);
      if (!conv.pixels) task.count = std::min(task.count, s.out_height - first % s.out_height);
      task.first_panel = panel;
      task.panels = std::min(panels, conv.Panels() - panel);
      const auto scratch = hwy::AllocateAligned<float>(static_cast<size_t>(conv.ScratchFloats(task.count)));
      task.scratch = scratch.get();
      kernel.run(conv, task);
      first += task.count;
    }
  }
  return actual;
}

void ExpectTheReferencesBits(const ByteConvOperands& operands, const ByteFormat& format) {
  const ByteConvExpectation expected = ByteConvReference(operands);
  ForEachTarget([&] {
    for (const auto& [units, panels] : {std::pair{1000, 1000}, {1, 1}, {3, 2}}) {
      const ByteConvExpectation actual = RunKernel(operands, format, units, panels);
      ASSERT_EQ(expected.floats, actual.floats);
      ASSERT_EQ(expected.bytes, actual.bytes);
    }
  });
}

TEST(CodeConvKernel, GivesTheReferencesBitsOnRandomLayers) {
  uint64_t seed = 0;
  for (const ValueSet& set : SmallSets()) {
    for (const ByteFormat& format : SmallFormats()) {
      for (int repeat = 0; repeat < 3; ++repeat) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        RandomSource random(seed++);
        Parameter weight;
        ExpectTheReferencesBits(SmallOperands(RandomConvShape(&random), set, format, &random, &weight), format);
      }
    }
  }
}

// Whole panels of channels of windows that overlap: where float results are made of sums that are still in registers.
TEST(CodeConvKernel, GivesTheReferencesBitsOnWholePanels) {
  for (uint64_t seed = 0; seed < 14; ++seed) {
    SCOPED_TRACE(seed);
    RandomSource random(seed);
    ConvShape shape;
    shape.kernel_height = random.Int(1, 3);
    shape.kernel_width = 3;
    shape.pad_top = shape.kernel_height / 2;
    shape.pad_left = 1;
    shape.in_height = shape.out_height = random.Int(3, 6);
    shape.in_height += shape.kernel_height - 1 - 2 * shape.pad_top;
    shape.in_width = shape.out_width = random.Int(3, 24);
    shape.in_channels = random.Int(1, 70);
    shape.out_channels = random.Int(64, 140);
    const ByteFormat format = SmallFormats()[seed % SmallFormats().size()];
    Parameter weight;
    ExpectTheReferencesBits(SmallOperands(shape, SmallSets()[seed % SmallSets().size()], format, &random, &weight),
                            format);
  }
}

// Products of a matrix with every number of rows, which are the tails of the tiles.
TEST(CodeConvKernel, GivesTheReferencesBitsOnMatrices) {
  for (int64_t rows = 1; rows <= 20; ++rows) {
    SCOPED_TRACE(rows);
    RandomSource random(static_cast<uint64_t>(rows));
    ConvShape shape;
    shape.in_width = shape.out_width = rows;
    shape.in_channels = random.Int(1, 300);
    shape.out_channels = random.Int(1, 200);
    const ByteFormat format = SmallFormats()[static_cast<size_t>(rows) % SmallFormats().size()];
    Parameter weight;
    ExpectTheReferencesBits(
        SmallOperands(shape, SmallSets()[static_cast<size_t>(rows) % SmallSets().size()], format, &random, &weight),
        format);
  }
}

// Sums that leave 16 bits, with the largest terms everywhere.
TEST(CodeConvKernel, GivesTheReferencesBitsOnLongSums) {
  for (const ByteFormat& format : SmallFormats()) {
    for (const ValueSet& set : {ValueSet::Affine(2, 2), ValueSet::Binary()}) {
      RandomSource random(7);
      ConvShape shape;
      shape.in_channels = 100001;
      shape.out_channels = 3;
      Parameter weight;
      ByteConvOperands operands = SmallOperands(shape, set, format, &random, &weight);
      auto& codes = std::get<QTensor>(weight.value).codes;
      std::fill(codes.begin(), codes.begin() + shape.in_channels, uint8_t{0});
      std::fill(operands.input.begin(), operands.input.end(), static_cast<uint8_t>(format.largest));
      ExpectTheReferencesBits(operands, format);
    }
  }
}

}  // namespace
}  // namespace lowbit::runtime
