#ifndef LOWBIT_RUNTIME_KERNELS_CONV_U8_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_CONV_U8_KERNEL_H_

// Convolution and matrix product of bytes (bytes.h) with integer weights of up to 16 bits: sums in int32, exact where SumsFit
// (core/integer_weights.h) says so.

#include <cstdint>
#include <vector>

#include "lowbit/runtime/byte_task.h"
#include "lowbit/runtime/byte_weights.h"
#include "lowbit/runtime/conv_shape.h"

namespace lowbit::runtime {

struct ByteConvKernel;

// A layer, ready to run. Activations are NHWC. A Gemm is the 1x1 convolution of images of one pixel.
struct ByteConv {
  ByteConv(const ConvShape& shape, const std::vector<WeightSource>& groups, int32_t input_offset,
           const ByteConvKernel& kernel);

  ConvShape shape;
  int32_t input_offset = 0;
  std::vector<ByteWeights> weights;  // One for each group.
  ByteFinish finish;

  // Whether the input is read where it is: one tap, no padding, no gaps between pixels. Then the pixels of all images
  // are one row. Otherwise rows are copied to where padding and missing channels have bytes of their own.
  bool in_place = false;
  int64_t staged_width = 0;             // Pixels in a staged row.
  int64_t channels = 0;                 // Bytes of a pixel as the kernel reads it.
  std::vector<int32_t> quad_positions;  // Of each quad of a window, in bytes from the window's first pixel.
  // For each group, for each channel of its panels: (center - input_offset) * (sum of its weights), which makes sums of
  // integers of sums of what the kernel multiplies, bytes - center.
  std::vector<std::vector<int32_t>> starts;

  int64_t SumFloats() const;                  // Of a tile, in front of a decoded panel
  int64_t DecodedBytes() const;               // and the staged rows.
  int64_t ScratchFloats(int64_t rows) const;  // Of a task with that many rows.
};

// One instruction set's implementation. The bits of the result are those of ByteConvReference on every one.
struct ByteConvKernel {
  int64_t target = 0;  // Highway's bit.
  int lanes = 0;       // Channels in a vector: what PackBytes needs.
  int32_t center = 0;  // The bytes that it multiplies are those of the input less this.
  // task.scratch: ScratchFloats(task.count). A task counts pixels where the layer reads in place, else rows.
  void (*run)(const ByteConv& conv, const ByteTask& task) = nullptr;
};

// The best implementation that this processor supports.
const ByteConvKernel& ChooseByteConvKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U8_KERNEL_H_
