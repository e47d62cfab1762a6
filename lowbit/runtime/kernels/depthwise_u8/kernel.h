#ifndef LOWBIT_RUNTIME_KERNELS_DEPTHWISE_U8_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_DEPTHWISE_U8_KERNEL_H_

// Convolution of each channel with a kernel of its own (groups = channels): bytes times integer weights, sums in int32.
//
// Four taps of a column, one below the other, are brought side by side, so that a dot product of bytes adds four products
// for each channel. A column serves all the windows that it is in.

#include <cstdint>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "lowbit/runtime/byte_output.h"
#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

struct ByteDepthwiseKernel;

struct ByteDepthwise {
  // REQUIRES: IntegersOf(source) (byte_weights.h), whose rows are the channels; no codebook
  ByteDepthwise(const ConvShape& shape, const WeightSource& source, int32_t input_offset,
                const ByteDepthwiseKernel& kernel);

  ConvShape shape;
  int32_t input_offset = 0;
  int lanes = 0;
  ByteFinish finish;

  // Channels are computed `lanes` at a time; the last block overlaps the one before, or is padded where it is alone.
  std::vector<int64_t> blocks;  // The first channel of each.
  int64_t quads = 0;            // Of a column: kernel_height / 4, rounded up.
  bool narrow = true;           // Every weight is within +-64.
  bool split = false;           // Weights are 256 * high + low (split_weights.h); else they are all low.
  // For each block, each column of the kernel, each of its quads, each channel: four weights, 0 beyond the kernel.
  // Then the same of the high parts, if there are any.
  hwy::AlignedFreeUniquePtr<int8_t[]> weights;
  size_t part_bytes = 0;        // Where the high parts begin.
  std::vector<int32_t> starts;  // For each block and channel (center - input_offset) * (sum of its weights).

  // Output pixels of a row that are computed at a time.
  static constexpr int64_t kMostPixels = 32;
  int64_t ColumnsOf(int64_t pixels) const;  // Of the input, that those pixels' windows reach over.
  int64_t ScratchFloats() const;
};

// Some output rows, counted through the whole batch.
struct ByteDepthwiseTask {
  const uint8_t* input = nullptr;
  ByteOutput output;
  int64_t first_row = 0, rows = 0;
  float* scratch = nullptr;  // ScratchFloats(), 64-byte aligned.
};

// The bits of the result are those of ByteConvReference (kernel conv_u8) on every target.
struct ByteDepthwiseKernel {
  int64_t target = 0;
  int lanes = 0;       // Bytes of a vector.
  int32_t center = 0;  // The bytes that it multiplies are those of the input less this.
  void (*run)(const ByteDepthwise& layer, const ByteDepthwiseTask& task) = nullptr;
};

const ByteDepthwiseKernel& ChooseByteDepthwiseKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_DEPTHWISE_U8_KERNEL_H_
