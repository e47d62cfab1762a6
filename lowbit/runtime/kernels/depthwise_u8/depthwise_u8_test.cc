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
  return shape;
}

ByteConvExpectation RunKernel(const ByteConvOperands& o, int64_t task_pixels) {
  const ByteDepthwiseKernel& kernel = ChooseByteDepthwiseKernel();
  const ConvShape& s = o.shape;
  ByteDepthwise layer(s, {o.weight, false, 0, s.out_channels, 1, s.Taps()}, o.input_offset);
  layer.finish = {o.epilogue, o.quantizer};
  const int64_t pixels = o.images * s.out_height * s.out_width;
  ByteConvExpectation actual = testing::BlankResults(o);
  const auto scratch = hwy::AllocateAligned<float>(static_cast<size_t>(2 * s.out_channels));
  for (int64_t first = 0; first < pixels; first += task_pixels) {
    ByteDepthwiseTask task;
    task.input = o.input.data();
    task.output.residual = testing::ResidualOf(o);
    task.output.floats = actual.floats.data();
    task.output.bytes = actual.bytes.data();
    task.first_pixel = first;
    task.pixels = std::min(task_pixels, pixels - first);
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
      for (const int64_t pixels : {1 << 20, 1, 5}) {
        const ByteConvExpectation actual = RunKernel(operands, pixels);
        ASSERT_EQ(expected.floats, actual.floats);
        ASSERT_EQ(expected.bytes, actual.bytes);
      }
    });
  }
}

}  // namespace
}  // namespace lowbit::runtime
