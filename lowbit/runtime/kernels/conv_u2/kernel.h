#ifndef LOWBIT_RUNTIME_KERNELS_CONV_U2_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_CONV_U2_KERNEL_H_

// Convolution and matrix product of activations and weights of at most two bits each: instead of being multiplied, a few
// channels at once are looked up. Activations select one of at most 64 tables, which never change; the weights of a
// vector's channels are the places that are read in it. Sums are exact, and the specification is that of conv_u8
// (kernels/conv_u8/reference.h).
//
// Bytes are looked up faster than they are multiplied, and need no unpacking: one instruction adds 3 products of two bits
// (of one bit: 6) to each of 64 sums where a processor looks up 64 bytes (AVX-512 VBMI), and 2 (4) to as many sums as a
// vector has bytes elsewhere.

#include <cstdint>
#include <string>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "lowbit/runtime/byte_task.h"
#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/kernels/conv_u2/tables.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

// One instruction set's implementation. The bits of the result are those of ByteConvReference on every one.
struct CodeConv;
struct CodeConvKernel {
  int64_t target = 0;                                                 // Highway's bit.
  int lanes = 0;                                                      // Bytes of a vector: channels of a panel.
  int index_bits = 0;                                                 // Of an index into a table.
  void (*run)(const CodeConv& conv, const ByteTask& task) = nullptr;  // task.scratch: ScratchFloats(task.count).
};

// A layer, ready to run. Activations are NHWC. A Gemm is the 1x1 convolution of images of one pixel.
struct CodeConv {
  // REQUIRES: weights of integers with scale 1, at most 4 values on both sides, no product beyond +-6.
  CodeConv(const ConvShape& shape, const std::vector<WeightSource>& groups, const ByteFormat& input,
           const CodeConvKernel& kernel);

  ConvShape shape;
  int input_step = 1;   // Of a byte, between two values.
  bool pixels = false;  // Tasks count pixels: a pixel of the output is a function of one of the input.
  int lanes = 0;
  ProductTables tables;  // For each group the same.
  ByteFinish finish;
  std::string values;  // "ternary": for reports.

  // Staged pixels consist of table positions in bytes, one for each group of `tables.channels()` channels.
  int64_t staged_width = 0;  // Pixels of a row.
  // 3 where windows overlap in two of three columns: a table is then loaded once for the three taps that look it up, each
  // for another pixel. Else 1.
  int shared = 1;
  // Of each of a window's groups, from the window's first one; of those of the first of `shared` taps.
  std::vector<int32_t> positions;
  std::vector<int32_t>
      offsets;  // From the table that a staged position says to the one for this group: tables.last_offset().
  // For each group of the convolution, for each panel, for each position, for each of `shared` taps `lanes` indices. Channel i of a
  // panel is at 2 i, and at 2 (i - lanes / 2) + 1 in the upper half, so that even and odd bytes are channels in order.
  std::vector<hwy::AlignedFreeUniquePtr<uint8_t[]>> indices;

  int64_t LookUps() const { return static_cast<int64_t>(positions.size()) * shared; }  // For one output.
  int64_t Panels() const { return (shape.GroupOutputs() + lanes - 1) / lanes; }
  int64_t SumFloats() const;                   // Of a tile, in front of the staged pixels.
  int64_t ScratchFloats(int64_t units) const;  // Of a task of so many rows or pixels.
};

// The best implementation that this processor supports.
const CodeConvKernel& ChooseCodeConvKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U2_KERNEL_H_
