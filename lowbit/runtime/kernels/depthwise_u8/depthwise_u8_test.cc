// The kernels `depthwise_u8` against the specification of convolutions of bytes, bit for bit, on every target.

#include <gtest/gtest.h>

#include <algorithm>

#include "hwy/aligned_allocator.h"
#include "lowbit/runtime/kernels/depthwise_u8/kernel.h"
#include "lowbit/runtime/testing/random_byte_operands.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

ConvShape DepthwiseShape(testing::RandomSource* random) {
  ConvShape shape = testing::RandomConvShape(random);
  shape.groups = shape.in_channels = shape.out_channels = random->Int(2, 150);
  if (random->Int(0, 3) == 0) {  // Rows that are computed in several pieces.
    shape.in_width += 80;
    shape.out_width = (shape.out_width * shape.stride_width + 80) / shape.stride_width - 1;
  }
  return shape;
}

ByteConvExpectation RunKernel(const ByteConvOperands& o, int64_t task_rows) {
  const ByteDepthwiseKernel& kernel = ChooseByteDepthwiseKernel();
  const ConvShape& s = o.shape;
  ByteDepthwise layer(s, {o.weight, false, 0, s.out_channels, 1, s.Taps()}, o.input_offset, kernel);
  layer.finish = {o.epilogue, o.quantizer};
  const int64_t rows = o.images * s.out_height;
  ByteConvExpectation actual = testing::BlankResults(o);
  const auto scratch = hwy::AllocateAligned<float>(static_cast<size_t>(layer.ScratchFloats()));
  for (int64_t first = 0; first < rows; first += task_rows) {
    ByteDepthwiseTask task;
    task.input = o.input.data();
    task.output.residual = testing::ResidualOf(o);
    task.output.floats = actual.floats.data();
    task.output.bytes = actual.bytes.data();
    task.first_row = first;
    task.rows = std::min(task_rows, rows - first);
    task.scratch = scratch.get();
    kernel.run(layer, task);
  }
  return actual;
}

TEST(ByteDepthwiseKernel, GivesTheReferencesBits) {
  const std::vector<ValueSet> sets = testing::IntegerSets();
  for (uint64_t seed = 0; seed < 45; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    testing::RandomSource random(seed);
    Parameter weight;
    const ByteConvOperands operands =
        testing::RandomByteOperands(DepthwiseShape(&random), sets[seed % sets.size()], &random, &weight);
    const ByteConvExpectation expected = ByteConvReference(operands);
    testing::ForEachTarget([&] {
      for (const int64_t rows : {1 << 20, 1, 3}) {
        const ByteConvExpectation actual = RunKernel(operands, rows);
        ASSERT_EQ(expected.floats, actual.floats);
        ASSERT_EQ(expected.bytes, actual.bytes);
      }
    });
  }
}

}  // namespace
}  // namespace lowbit::runtime
