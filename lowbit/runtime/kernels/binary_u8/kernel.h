#ifndef LOWBIT_RUNTIME_KERNELS_BINARY_U8_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_BINARY_U8_KERNEL_H_

// Matrix product of bytes (bytes.h) with weights of two values: instead of being multiplied, six bytes at once are looked up. Sums
// are exact, and the specification is that of conv_u8 (kernels/conv_u8/reference.h).
//
// All 64 sums of some of six bytes of a row make a table, and the codes of the six weights that they meet are a place in it.
// With w = slope * code + base and a = byte - offset,
//
//   sum a w = slope * sum byte code + base * sum byte - offset * sum w
//
// A table takes about ten instructions and serves all output channels: one look-up (vpermi2w, two vectors of 32 words) and one
// addition are 192 products, where a dot product of bytes (vpdpbusd) is 64.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "lowbit/runtime/byte_task.h"
#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

// A layer, ready to run: a Gemm, or a convolution whose pixels are rows of one. Activations are NHWC.
struct BinaryProduct {
  static constexpr int kGroup = 6;    // Bytes of a table,
  static constexpr int kTable = 64;   // which has so many words.
  static constexpr int kLanes = 32;   // Sums of 16 bits in a vector: output channels.
  static constexpr int kVectors = 4;  // Of a panel.
  static constexpr int kPanelWidth = kVectors * kLanes;
  // Tables whose sums fit into 16 bits, with the 8 bits that are left of earlier ones: 42 * 6 * 255 + 255 < 2^16. Even.
  static constexpr int kMostGroups = 42;
  // That are computed together: their tables fill two thirds of a first-level cache.
  static constexpr int kMostRows = 4;
  static constexpr int kMostPanels = 32;  // That tables are built for: their sums wait in the second-level cache.

  // REQUIRES: CanLookUp(shape, source) (binary_look_up.h)
  BinaryProduct(const ConvShape& shape, const WeightSource& source, int32_t input_offset);

  int64_t inputs = 0, outputs = 0;
  int32_t input_offset = 0, slope = 0, base = 0;
  std::string values;  // "binary": for reports.
  ByteFinish finish;
  // In the order in which they are read: for each block of inputs, each panel, each pair of groups, each vector a word for each
  // channel: the codes of the first group's weights, those of the second group's 8 bits higher. Padding is code 0. Word
  // 8 j + 4 h + i is channel 16 h + 4 j + i of the vector, so that interleaving within blocks of 16 bytes, which makes 32 bits
  // of 16, leaves channels in order.
  hwy::AlignedFreeUniquePtr<uint16_t[]> indices;
  std::vector<int32_t> starts;  // -offset * sum w of the panels' channels, padded to their width.

  int64_t Panels() const { return (outputs + kPanelWidth - 1) / kPanelWidth; }
  int64_t Pairs() const { return (inputs + 2 * kGroup - 1) / (2 * kGroup); }
  // Blocks are equally large but for the last one, which may be smaller.
  int64_t PairsOfBlock() const {
    const int64_t blocks = (2 * Pairs() + kMostGroups - 1) / kMostGroups;
    return (Pairs() + blocks - 1) / blocks;
  }
  // Where those are of a panel in the block that begins with that pair.
  size_t IndexPosition(int64_t panel, int64_t block_begin) const {
    const int64_t pairs = std::min(PairsOfBlock(), Pairs() - block_begin);
    return static_cast<size_t>((block_begin * Panels() + panel * pairs) * kPanelWidth);
  }
  // Floats in front of sums and tables: those of a panel, finished, and a pixel of residuals.
  static constexpr int64_t kFinishFloats = (kMostRows + 1) * kPanelWidth;
  static constexpr int64_t kTableFloats = kMostRows * kMostGroups * kTable / 2;
  int64_t ScratchFloats() const;
};

// One instruction set's implementation. The bits of the result are those of ByteConvReference on every one.
struct BinaryProductKernel {
  int64_t target = 0;  // Highway's bit.
  // A task counts pixels. task.scratch: ScratchFloats().
  void (*run)(const BinaryProduct& product, const ByteTask& task) = nullptr;
};

// The best implementation that this processor supports; null without AVX-512.
const BinaryProductKernel* ChooseBinaryProductKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_BINARY_U8_KERNEL_H_
