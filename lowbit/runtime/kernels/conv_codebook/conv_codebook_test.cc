// The kernels `conv_codebook` against their specification, on every target.

#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/runtime/kernels/conv_codebook/kernel.h"
#include "lowbit/runtime/testing/conv_operands.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::ConvWeightShape;
using testing::ExpectWithinBound;
using testing::ForEachTarget;
using testing::RandomBlock;
using testing::RandomCodes;
using testing::RandomConvOperands;
using testing::RandomConvShape;
using testing::RandomSource;

ValueSet RandomCodebook(int count, int block, RandomSource* random) {
  return ValueSet::Codebook(random->Floats(count * block, -1, 1), block);
}

ConvOperands RandomOperands(const ConvShape& shape, const ValueSet& values, RandomSource* random, Parameter* weight) {
  weight->value = RandomCodes(ConvWeightShape(shape), values, false, random);
  return RandomConvOperands(shape, *weight, random);
}

// Runs the kernel in tasks of `pixels` pixels and `panels` panels.
std::vector<float> RunKernel(const ConvOperands& operands, int64_t pixels, int64_t panels) {
  const CodebookConvKernel& kernel = ChooseCodebookConvKernel();
  const ConvShape& s = operands.shape;
  const int64_t total = operands.images * s.out_height * s.out_width;
  std::vector<float> output(static_cast<size_t>(total * s.out_channels), -12345.0f);
  std::vector<WeightSource> groups;
  for (int64_t group = 0; group < s.groups; ++group) {
    groups.push_back({operands.weight, false, group * s.GroupOutputs(), s.GroupOutputs(), s.GroupInputs(), s.Taps()});
  }
  CodebookConv conv(s, groups, kernel);
  conv.epilogue = operands.epilogue;
  const auto scratch = hwy::AllocateAligned<float>(static_cast<size_t>(conv.ScratchFloats()));
  for (int64_t group = 0; group < s.groups; ++group) {
    for (int64_t panel = 0; panel < conv.weights[0].Panels(); panel += panels) {
      for (int64_t pixel = 0; pixel < total; pixel += pixels) {
        CodebookTask task;
        task.input = operands.input.data();
        task.residual = operands.residual.empty() ? nullptr : operands.residual.data();
        task.output = output.data();
        task.group = group;
        task.first_pixel = pixel;
        task.pixels = std::min(pixels, total - pixel);
        task.first_panel = panel;
        task.panels = std::min(panels, conv.weights[0].Panels() - panel);
        task.scratch = scratch.get();
        kernel.run(conv, task);
      }
    }
  }
  return output;
}

// Blocks of whole kernels, of parts of kernels, of several channels, and ones that begin in the middle of a kernel.
TEST(CodebookConvKernel, AgreesWithTheReferenceOnRandomLayers) {
  for (uint64_t seed = 0; seed < 80; ++seed) {
    RandomSource random(seed);
    const ConvShape shape = RandomConvShape(&random);
    const int counts[] = {1, 7, 100, 256, 300};
    const ValueSet values = RandomCodebook(counts[seed % 5], RandomBlock(shape, &random), &random);
    SCOPED_TRACE("seed " + std::to_string(seed) + " " + values.Name());
    Parameter weight;
    const ConvOperands operands = RandomOperands(shape, values, &random, &weight);
    const ConvExpectation expected = ConvReference(operands);
    ForEachTarget([&] { ExpectWithinBound(expected, RunKernel(operands, kCodebookPixels, kCodebookPanels)); });
  }
}

// More taps, or channels, than a chunk holds; vectors that chunks cut, and (1x1) ones that are read as a whole.
TEST(CodebookConvKernel, SumsSeveralChunks) {
  for (const auto& [size, channels, block, count] : {std::tuple{17, 3, 17, 256},
                                                     {1, 600, 4, 256},
                                                     {1, 600, 8, 300},
                                                     {1, 96, 12, 256},
                                                     {1, 156, 12, 300},
                                                     {3, 100, 9, 256},
                                                     {3, 80, 36, 256},
                                                     {7, 5, 49, 256}}) {
    SCOPED_TRACE(std::to_string(size) + " " + std::to_string(channels) + " " + std::to_string(block));
    RandomSource random(static_cast<uint64_t>(size + block));
    ConvShape shape;
    shape.in_height = shape.in_width = size + 2;
    shape.out_height = shape.out_width = 3;
    shape.kernel_height = shape.kernel_width = size;
    shape.in_channels = channels;
    shape.out_channels = 70;
    Parameter weight;
    const ConvOperands operands = RandomOperands(shape, RandomCodebook(count, block, &random), &random, &weight);
    const ConvExpectation expected = ConvReference(operands);
    ForEachTarget([&] { ExpectWithinBound(expected, RunKernel(operands, 7, kCodebookPanels)); });
  }
}

// Rows of a matrix, which are not decoded where blocks are multiples of 4.
TEST(CodebookConvKernel, AgreesWithTheReferenceOnMatrices) {
  for (const int block : {1, 3, 4, 8, 12}) {
    for (const int64_t outputs : {1, 8, 31, 33, 200}) {
      SCOPED_TRACE(std::to_string(block) + " " + std::to_string(outputs));
      RandomSource random(static_cast<uint64_t>(block) + static_cast<uint64_t>(outputs));
      ConvShape shape;
      shape.in_channels = 24 * random.Int(1, 20);
      shape.out_channels = outputs;
      Parameter weight;
      const int count = outputs % 2 == 0 ? 256 : 2048;
      const ConvOperands operands = RandomOperands(shape, RandomCodebook(count, block, &random), &random, &weight);
      const ConvExpectation expected = ConvReference(operands);
      ForEachTarget([&] { ExpectWithinBound(expected, RunKernel(operands, 1, kCodebookPanels)); });
    }
  }
}

// Every way to cut the work gives the same bits: the promise that threads and batches rest on.
TEST(CodebookConvKernel, BitsDoNotDependOnTheSplit) {
  for (uint64_t seed = 100; seed < 116; ++seed) {
    SCOPED_TRACE(seed);
    RandomSource random(seed);
    ConvShape shape = RandomConvShape(&random);
    if (seed % 4 == 0) {
      shape = ConvShape();
      shape.in_channels = 40;
      shape.out_channels = 77;
    }
    Parameter weight;
    const ConvOperands operands =
        RandomOperands(shape, RandomCodebook(256, RandomBlock(shape, &random), &random), &random, &weight);
    ForEachTarget([&] {
      const std::vector<float> whole = RunKernel(operands, kCodebookPixels, kCodebookPanels);
      for (const int64_t pixels : {1, 2, 3, 5, 12, 13}) {
        EXPECT_EQ(whole, RunKernel(operands, pixels, 1));
        EXPECT_EQ(whole, RunKernel(operands, pixels, 3));
      }
    });
  }
}

TEST(PackCodebook, KeepsAByteForEachVector) {
  RandomSource random(2);
  Parameter weight;
  weight.value = RandomCodes({64, 64, 3, 3}, RandomCodebook(256, 9, &random), true, &random);
  const CodebookWeights packed = PackCodebook({&weight, false, 0, 64, 64, 9}, CodebookLayout::kWords, 16);
  EXPECT_EQ(packed.Panels() * packed.CodesPerRow() * packed.PanelWidth(), 64 * 64);
  EXPECT_EQ(packed.Codes<uint8_t>(1, 5)[3], std::get<QTensor>(weight.value).codes[35 * 64 + 5]);
}

}  // namespace
}  // namespace lowbit::runtime
