#ifndef LOWBIT_RUNTIME_BYTE_WEIGHTS_H_
#define LOWBIT_RUNTIME_BYTE_WEIGHTS_H_

// Integer weights as the kernel conv_u8 reads them: low-bit codes stay low-bit codes.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "lowbit/core/integer_weights.h"
#include "lowbit/runtime/codebook_weights.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

// The weights of `rows` output channels. A *quad* is four weights of one channel that meet four bytes of the input side
// by side: channels 4 q .. 4 q + 3 of one tap of the window, the last ones padded. A panel holds kPanelVectors * lanes
// channels; a vector holds, in each 32-bit lane, one channel's quads, as many as fit:
//
//   bytes[((panel * WordsPerRow() + quad / per) * kPanelVectors + vector) * 4 * lanes + 4 * lane + i]
//
// has in its bits (quad % per) * bits and up the code of weight i of the quad, where per = 8 / bits. Padding is code 0:
// it meets bytes 0 only.
//
// Integers beyond -128..127 are two: w = 256 * high + low. A panel holds `lanes` channels then, its first vector their low parts,
// its second the high ones.
struct ByteWeights {
  int bits = 8;         // 1, 2 or 4: codes, looked up in `table`. 8: the integers themselves.
  bool narrow = false;  // Every integer is within +-64.
  bool split = false;   // Into high and low parts; bits is 8.
  std::string values;   // "ternary": for reports.
  int64_t rows = 0, quads = 0;
  int lanes = 0;
  hwy::AlignedFreeUniquePtr<uint8_t[]> bytes;
  int8_t table[16] = {};
  // Codes (bits < 8) whose integers are code * slope + base; slope 0: they are not.
  int32_t slope = 0, base = 0;
  // Weights of vectors stay codes: `bytes` is empty, and a panel is decoded when it is needed, as one with 8 bits.
  CodebookWeights codebook;
  std::vector<int32_t> sums;  // Of a row's weights; of padding rows 0. One for each channel of the panels.
  int32_t padding_sum = 0;    // Of the integers that pad a row: their code 0 need not be the integer 0.

  bool IsDecoded() const { return codebook.codes != nullptr; }
  int QuadsPerWord() const { return 8 / bits; }
  int PanelWidth() const { return (split ? kPanelVectors / 2 : kPanelVectors) * lanes; }  // Channels.
  int64_t Panels() const { return (rows + PanelWidth() - 1) / PanelWidth(); }
  int64_t WordsPerRow() const { return (quads + QuadsPerWord() - 1) / QuadsPerWord(); }
  size_t PanelBytes() const { return static_cast<size_t>(WordsPerRow() * kPanelVectors * lanes * 4); }
};

// The weights' values, if they are integers of at most kMaxIntegerWeight in magnitude with scale 1; rows first, if they are vectors
// of a codebook.
std::optional<IntegerValues> IntegersOf(const WeightSource& source);

// Whether they have to be split: -128..127 are bytes.
bool IsSplit(const IntegerValues& values);

// REQUIRES: IntegersOf(source).has_value(), lanes >= 1. Cost: one pass over the weights.
ByteWeights PackBytes(const WeightSource& source, int lanes);

// Channels of a pixel as they are read: a multiple of four.
inline int64_t PaddedChannels(int64_t channels) { return (channels + 3) / 4 * 4; }

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_BYTE_WEIGHTS_H_
