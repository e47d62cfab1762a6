#ifndef LOWBIT_RUNTIME_KERNELS_DEPTHWISE_U8_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_DEPTHWISE_U8_KERNEL_H_

// Convolution of each channel with a kernel of its own (groups = channels): bytes times integer weights, sums in int32.

#include <cstdint>
#include <vector>

#include "lowbit/runtime/byte_output.h"
#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

struct ByteDepthwise {
  // REQUIRES: CanPackBytes(source), whose rows are the channels
  ByteDepthwise(const ConvShape& shape, const WeightSource& source, int32_t input_offset);

  ConvShape shape;
  int32_t input_offset = 0;
  std::vector<int32_t> weights;  // [taps][channels]
  ByteFinish finish;
};

// Some output pixels, counted through the whole batch.
struct ByteDepthwiseTask {
  const uint8_t* input = nullptr;
  ByteOutput output;
  int64_t first_pixel = 0, pixels = 0;
  float* scratch = nullptr;  // Two pixels of floats, 64-byte aligned.
};

// The bits of the result are those of ByteConvReference (kernel conv_u8) on every target.
struct ByteDepthwiseKernel {
  int64_t target = 0;
  void (*run)(const ByteDepthwise& layer, const ByteDepthwiseTask& task) = nullptr;
};

const ByteDepthwiseKernel& ChooseByteDepthwiseKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_DEPTHWISE_U8_KERNEL_H_
