// The kernel `depthwise` against the specification of convolutions, on every target.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "hwy/aligned_allocator.h"
#include "lowbit/runtime/kernels/depthwise/kernel.h"
#include "lowbit/runtime/testing/conv_operands.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

ConvShape RandomShape(testing::RandomSource* random) {
  ConvShape s;
  s.groups = s.in_channels = s.out_channels = random->Int(2, 80);
  s.kernel_height = random->Int(1, 5);
  s.kernel_width = random->Int(1, 5);
  s.stride_height = random->Int(1, 2);
  s.stride_width = random->Int(1, 2);
  s.dilation_height = random->Int(1, 2);
  s.dilation_width = random->Int(1, 2);
  s.pad_top = random->Int(0, 2);
  s.pad_left = random->Int(0, 2);
  s.in_height = random->Int(1, 9);
  s.in_width = random->Int(1, 9);
  // What the window needs beyond the image is padding.
  s.out_height = random->Int(1, 5);
  s.out_width = random->Int(1, 5);
  return s;
}

std::vector<float> RunKernel(const ConvOperands& operands, int64_t task_pixels) {
  const DepthwiseKernel& kernel = ChooseDepthwiseKernel();
  const ConvShape& s = operands.shape;
  const PackedWeights weights = Pack({operands.weight, false, 0, s.out_channels, 1, s.Taps()}, kernel.lanes);
  const int64_t pixels = operands.images * s.out_height * s.out_width;
  std::vector<float> output(static_cast<size_t>(pixels * s.out_channels), -12345.0f);
  const auto scratch = hwy::AllocateAligned<float>(static_cast<size_t>((weights.columns + 1) * weights.PanelWidth()));
  for (int64_t panel = 0; panel < weights.Panels(); ++panel) {
    for (int64_t pixel = 0; pixel < pixels; pixel += task_pixels) {
      DepthwiseTask task;
      task.shape = &s;
      task.weights = &weights;
      task.epilogue = &operands.epilogue;
      task.input = operands.input.data();
      task.residual = operands.residual.empty() ? nullptr : operands.residual.data();
      task.output = output.data();
      task.panel = panel;
      task.first_pixel = pixel;
      task.pixels = std::min(task_pixels, pixels - pixel);
      task.scratch = scratch.get();
      kernel.run(task);
    }
  }
  return output;
}

TEST(DepthwiseKernel, AgreesWithTheReferenceAndDoesNotDependOnTheSplit) {
  const std::vector<ValueSet> sets = testing::AllValueSets(1);
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    testing::RandomSource random(seed);
    const ConvShape shape = RandomShape(&random);
    const Shape weight_shape = {shape.out_channels, 1, shape.kernel_height, shape.kernel_width};
    Parameter weight;
    weight.value = testing::RandomCodes(weight_shape, sets[seed % sets.size()], true, &random);
    if (seed % 5 == 0) weight.value = random.Tensor(weight_shape, -1, 1);
    const ConvOperands operands = testing::RandomConvOperands(shape, weight, &random);
    const ConvExpectation expected = ConvReference(operands);
    testing::ForEachTarget([&] {
      const std::vector<float> actual = RunKernel(operands, 1 << 20);
      testing::ExpectWithinBound(expected, actual);
      EXPECT_EQ(actual, RunKernel(operands, 1));
      EXPECT_EQ(actual, RunKernel(operands, 7));
    });
  }
}

}  // namespace
}  // namespace lowbit::runtime
