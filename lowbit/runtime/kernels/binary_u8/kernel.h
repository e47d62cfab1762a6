#ifndef LOWBIT_RUNTIME_KERNELS_BINARY_U8_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_BINARY_U8_KERNEL_H_

// Convolution and matrix product of bytes (bytes.h) with weights of two values: instead of being multiplied, six bytes at once are
// looked up. Sums are exact, and the specification is that of conv_u8 (kernels/conv_u8/reference.h).
//
// All 64 sums of some of six bytes of a pixel make a table, and the codes of the six weights that they meet are a place in it.
// With w = slope * code + base and a = byte - offset,
//
//   sum a w = slope * sum byte code + base * sum byte - offset * sum w
//
// A table takes about ten instructions and serves all taps and output channels: one look-up (vpermi2w, two vectors of 32 words) and
// one addition are 192 products, where a dot product of bytes (vpdpbusd) is 64.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "lowbit/runtime/byte_task.h"
#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

// A layer, ready to run. Activations are NHWC. A Gemm is the 1x1 convolution of images of one pixel.
struct BinaryConv {
  static constexpr int kGroup = 6;    // Bytes of a table,
  static constexpr int kTable = 64;   // which has so many words.
  static constexpr int kLanes = 32;   // Sums of 16 bits in a vector: output channels.
  static constexpr int kVectors = 4;  // Of a panel.
  static constexpr int kPanelWidth = kVectors * kLanes;
  // Tables whose sums fit into 16 bits, with the 8 bits that are left of earlier ones: 42 * 6 * 255 + 255 < 2^16.
  static constexpr int kMostLookUps = 42;
  // Tables that are kept at a time fill three quarters of a first-level cache at most.
  static constexpr int64_t kTableBytes = 24 << 10;
  static constexpr int kMostPixels = 4;   // That are computed together.
  static constexpr int kMostPanels = 32;  // Of a matrix that the same tables meet: sums wait in the second-level cache.

  // Groups of a pixel's channels whose look-ups in one row of taps are added up in 16 bits.
  struct Block {
    int64_t first = 0, groups = 0;
    int64_t indices = 0, words = 0;  // Of a row of taps of a panel's indices: those before this block, and its own.
  };

  // REQUIRES: CanLookUp(shape, source) (binary_look_up.h)
  BinaryConv(const ConvShape& shape, const WeightSource& source, int32_t input_offset);

  ConvShape shape;
  bool pixels = false;  // Tasks count pixels: a pixel of the output is a function of one of the input.
  int shared = 1;       // Taps side by side, which meet the same tables for neighbouring pixels: 1 or 3.
  int32_t input_offset = 0, slope = 0, base = 0;
  std::string values;  // "binary": for reports.
  ByteFinish finish;
  std::vector<Block> blocks;
  // In the order in which they are read: for each block, each panel, each row of taps, each pair of groups, each shared tap, each
  // vector a word for each channel: the codes of the first group's weights, those of the second group's 8 bits higher. Padding
  // is code 0. Word 8 j + 4 h + i is channel 16 h + 4 j + i of the vector, so that interleaving within blocks of 16 bytes, which
  // makes 32 bits of 16, leaves channels in order.
  hwy::AlignedFreeUniquePtr<uint16_t[]> indices;
  std::vector<int32_t> starts;  // -offset * sum w of the panels' channels, padded to their width.

  int64_t Panels() const { return (shape.out_channels + kPanelWidth - 1) / kPanelWidth; }
  int64_t GroupsOfPixel() const { return (shape.in_channels + kGroup - 1) / kGroup; }
  // The first of the group's channels: the last group begins earlier where it would lack some, and its weights for what other groups
  // have too are code 0.
  int64_t FirstChannel(int64_t group) const { return std::min(group * kGroup, shape.in_channels - kGroup); }
  int64_t PanelWords() const { return (blocks.back().indices + blocks.back().words) * shape.kernel_height; }
  size_t IndexPosition(const Block& block, int64_t panel, int64_t tap_row) const {
    const int64_t rows = shape.kernel_height;
    return static_cast<size_t>(block.indices * Panels() * rows + (panel * rows + tap_row) * block.words);
  }

  // Of windows: columns of the output that are computed together, and of the input, padding included, that these meet; rows of the
  // output that an input row can belong to.
  int64_t StripWidth() const;
  int64_t StripInputs() const { return StripWidth() + shared - 1; }
  int64_t OpenRows() const { return (shape.kernel_height - 1) * shape.dilation_height / shape.stride_height + 1; }

  // Of a task's memory: a panel of finished sums, and a pixel of residuals; then tables, then sums, then sums of windows' bytes.
  static constexpr int64_t kFinishFloats = (kMostPixels + 1) * kPanelWidth;
  int64_t SumFloats() const;
  int64_t TableFloats() const;
  int64_t ScratchFloats() const;
};

// One instruction set's implementation. The bits of the result are those of ByteConvReference on every one.
struct BinaryConvKernel {
  int64_t target = 0;  // Highway's bit.
  // A task counts rows, or pixels if the layer does. task.scratch: ScratchFloats().
  void (*run)(const BinaryConv& conv, const ByteTask& task) = nullptr;
};

// The best implementation that this processor supports; null without AVX-512.
const BinaryConvKernel* ChooseBinaryConvKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_BINARY_U8_KERNEL_H_
