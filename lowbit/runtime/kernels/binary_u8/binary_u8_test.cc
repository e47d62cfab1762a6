// The kernel `binary_u8` against its specification, bit for bit, on every target that has it.

#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/runtime/binary_look_up.h"
#include "lowbit/runtime/byte_weights.h"
#include "lowbit/runtime/kernels/binary_u8/kernel.h"
#include "lowbit/runtime/kernels/conv_u8/reference.h"
#include "lowbit/runtime/testing/random_byte_operands.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::ForEachTarget;
using testing::RandomByteOperands;
using testing::RandomSource;

// +-1, {0, 1}, {-1, 0}, the largest steps both ways, wide integers.
std::vector<ValueSet> SetsOfTwo() {
  return {ValueSet::Binary(),         ValueSet::Affine(1, 0),  ValueSet::Affine(1, 1),       ValueSet::Table({-127, 0}),
          ValueSet::Table({64, -63}), ValueSet::Table({3, 3}), ValueSet::Table({1000, 1001})};
}

ConvShape MatrixShape(int64_t rows, int64_t inputs, int64_t outputs) {
  ConvShape shape;
  shape.in_width = shape.out_width = rows;
  shape.in_channels = inputs;
  shape.out_channels = outputs;
  return shape;
}

WeightSource SourceOf(const ByteConvOperands& o) {
  return {o.weight, false, 0, o.shape.out_channels, o.shape.in_channels, o.shape.Taps()};
}

// Runs the kernel in tasks of `units` rows or pixels and `panels` panels.
ByteConvExpectation RunKernel(const BinaryConvKernel& kernel, const ByteConvOperands& o, int64_t units,
                              int64_t panels) {
  BinaryConv conv(o.shape, SourceOf(o), o.input_offset);
  conv.finish = {o.epilogue, o.quantizer};
  ByteConvExpectation actual = testing::BlankResults(o);
  const int64_t total = o.images * o.shape.out_height * (conv.pixels ? o.shape.out_width : 1);
  const auto scratch = hwy::AllocateAligned<float>(static_cast<size_t>(conv.ScratchFloats()));
  for (int64_t panel = 0; panel < conv.Panels(); panel += panels) {
    for (int64_t first = 0; first < total;) {
      ByteTask task;
      task.input = o.input.data();
      task.output = {testing::ResidualOf(o), actual.floats.data(), actual.bytes.data()};
      task.first = first;
      task.count = std::min(units, total - first);
      if (!conv.pixels) task.count = std::min(task.count, o.shape.out_height - first % o.shape.out_height);
      task.first_panel = panel;
      task.panels = std::min(panels, conv.Panels() - panel);
      task.scratch = scratch.get();
      kernel.run(conv, task);
      first += task.count;
    }
  }
  return actual;
}

void ExpectTheReferencesBits(const ByteConvOperands& operands) {
  ASSERT_TRUE(CanLookUp(operands.shape, SourceOf(operands)));
  const ByteConvExpectation expected = ByteConvReference(operands);
  ForEachTarget([&] {
    const BinaryConvKernel* kernel = ChooseBinaryConvKernel();
    ASSERT_TRUE(kernel != nullptr || !LookingUpPays(MatrixShape(1, 2048, 2048)));
    if (kernel == nullptr) return;
    for (const auto& [units, panels] : {std::pair{1000, 1000}, {1, 1}, {7, 2}}) {
      const ByteConvExpectation actual = RunKernel(*kernel, operands, units, panels);
      ASSERT_EQ(expected.floats, actual.floats);
      ASSERT_EQ(expected.bytes, actual.bytes);
    }
  });
}

// Every number of rows, of inputs modulo a pair of groups and beyond a block, of vectors in the last panel.
TEST(BinaryConvKernel, GivesTheReferencesBitsOnRandomLayers) {
  const std::vector<ValueSet> sets = SetsOfTwo();
  for (uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomSource random(seed);
    const int64_t rows = 1 + static_cast<int64_t>(seed) % 9;
    ConvShape shape = MatrixShape(rows, random.Int(6, seed % 4 == 0 ? 700 : 130), random.Int(1, 400));
    if (seed % 3 == 0) shape.in_height = shape.out_height = 2;  // Pixels of images.
    Parameter weight;
    ExpectTheReferencesBits(RandomByteOperands(shape, sets[seed % sets.size()], &random, &weight));
  }
}

// Windows of three columns and any rows, padding beyond the window too, strips of columns.
TEST(BinaryConvKernel, GivesTheReferencesBitsOnWindows) {
  const std::vector<ValueSet> sets = SetsOfTwo();
  for (uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomSource random(seed);
    ConvShape shape = testing::RandomConvShape(&random);
    shape.groups = shape.stride_width = shape.dilation_width = 1;
    shape.in_channels = std::max<int64_t>(shape.in_channels, 6);
    shape.kernel_width = 3;
    shape.in_width = std::max<int64_t>(shape.in_width, 3);
    if (seed % 8 == 0) shape.in_channels = random.Int(60, 130), shape.in_width = random.Int(12, 30);
    shape.out_channels = random.Int(1, seed % 8 == 1 ? 300 : 40);
    shape.out_width = testing::OutputExtent(shape.in_width, shape.pad_left + random.Int(0, 2), 3, 1, 1);
    Parameter weight;
    ExpectTheReferencesBits(RandomByteOperands(shape, sets[seed % sets.size()], &random, &weight));
  }
}

// More panels than are computed with the same tables.
TEST(BinaryConvKernel, GivesTheReferencesBitsOnManyOutputs) {
  RandomSource random(1);
  Parameter weight;
  ExpectTheReferencesBits(RandomByteOperands(MatrixShape(5, 60, 33 * 128 + 70), ValueSet::Binary(), &random, &weight));
}

// The largest and the smallest sums that there are, which leave 16 bits.
TEST(BinaryConvKernel, GivesTheReferencesBitsOnExtremeSums) {
  for (const int64_t inputs : {251, 252, 253, 505, 32768}) {
    for (const int code : {0, 1}) {
      for (const int byte : {0, 255}) {
        for (const int32_t offset : {0, 128, 255}) {
          SCOPED_TRACE(std::to_string(inputs) + " " + std::to_string(code) + " " + std::to_string(byte));
          RandomSource random(7);
          Parameter weight;
          ByteConvOperands operands =
              RandomByteOperands(MatrixShape(2, inputs, 17), ValueSet::Binary(), &random, &weight);
          auto& codes = std::get<QTensor>(weight.value).codes;
          std::fill(codes.begin(), codes.end(), static_cast<uint8_t>(code));
          std::fill(operands.input.begin(), operands.input.end(), static_cast<uint8_t>(byte));
          operands.input_offset = offset;
          ExpectTheReferencesBits(operands);
        }
      }
    }
  }
}

// As large a sum as SumsFit allows, parts of which leave 32 bits.
TEST(BinaryConvKernel, AddsUpToTheEndsOf32Bits) {
  constexpr int64_t kTerms = 514;
  for (const int byte : {0, 255}) {
    RandomSource random(7);
    Parameter weight;
    const ValueSet values = ValueSet::Table({kMaxIntegerWeight - 100, kMaxIntegerWeight});
    ByteConvOperands operands = RandomByteOperands(MatrixShape(2, kTerms, 17), values, &random, &weight);
    auto& tensor = std::get<QTensor>(weight.value);
    std::fill(tensor.codes.begin(), tensor.codes.end(), uint8_t{1});
    std::fill(operands.input.begin(), operands.input.end(), static_cast<uint8_t>(byte));
    operands.input_offset = 128;
    EXPECT_TRUE(SumsFit(tensor, *IntegersOf(SourceOf(operands)), true, 128));
    ExpectTheReferencesBits(operands);
  }
}

TEST(CanLookUp, TakesProductsWithWeightsOfTwoValues) {
  const auto can = [](const ConvShape& shape, const ValueSet& values) {
    RandomSource random(1);
    Parameter weight;
    const ByteConvOperands operands = RandomByteOperands(shape, values, &random, &weight);
    return CanLookUp(shape, SourceOf(operands));
  };
  const ConvShape shape = MatrixShape(2, 64, 8);
  EXPECT_TRUE(can(shape, ValueSet::Binary()));
  EXPECT_TRUE(can(MatrixShape(1, 32768, 1), ValueSet::Binary()));
  EXPECT_FALSE(can(MatrixShape(1, 32769, 1), ValueSet::Binary()));
  EXPECT_FALSE(can(MatrixShape(1, 5, 1), ValueSet::Binary()));
  EXPECT_FALSE(can(shape, ValueSet::Ternary()));
  EXPECT_FALSE(can(shape, ValueSet::Table({-64, 64})));
  EXPECT_FALSE(can(shape, ValueSet::Table({0, 0.3f})));
  EXPECT_FALSE(can(shape, ValueSet::Codebook({1, 2}, 2)));
  ConvShape windows = MatrixShape(6, 64, 8);
  windows.in_width = 8;
  windows.kernel_width = 3;
  EXPECT_TRUE(can(windows, ValueSet::Binary()));
  ConvShape dilated = windows;
  dilated.in_width = 10;
  dilated.dilation_width = 2;
  EXPECT_FALSE(can(dilated, ValueSet::Binary()));
  ConvShape strided = MatrixShape(8, 64, 8);
  strided.stride_width = 2;
  strided.out_width = 4;
  EXPECT_FALSE(can(strided, ValueSet::Binary()));
}

}  // namespace
}  // namespace lowbit::runtime
