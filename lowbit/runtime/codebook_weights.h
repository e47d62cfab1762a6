#ifndef LOWBIT_RUNTIME_CODEBOOK_WEIGHTS_H_
#define LOWBIT_RUNTIME_CODEBOOK_WEIGHTS_H_

// Weights of a matrix product whose codes stand for vectors of weights, as the kernels read them: never unpacked whole.

#include <cstdint>
#include <string>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

// How the vectors of a codebook lie in memory. *Word* j of a vector is its number j.
enum class CodebookLayout : uint8_t {
  kWords,    // words[j * count + code]: for looking up one word of many codes.
  kPlanes,   // Byte p of it at planes[(j * 4 + p) * 256 + code]: the same, byte by byte. At most 256 vectors.
  kBytes,    // planes[j * PlaneBytes() + code]: numbers that are integers of -128..127, one byte each.
  kVectors,  // words[code * stride + j], what pads a vector is 0: for reading a whole vector.
};

// The weights of `rows` output channels, `columns` each, without the scales, which belong into the epilogue. A panel is
// PanelWidth() channels; the codes of a panel at the same place of their rows lie side by side:
//
//   code i of channel c:  codes[(c / PanelWidth() * CodesPerRow() + i) * PanelWidth() + c % PanelWidth()]
//
// in one byte each, or two where the codebook has more than 256 vectors. Channels that pad the last panel have code 0.
// Code i stands for the weights i * block .. i * block + block - 1 of the row as the tensor has it: tap t of channel c of
// a convolution is weight c * taps + t.
struct CodebookWeights {
  CodebookLayout layout = CodebookLayout::kWords;
  std::string values;  // "codebook256x9": for reports.
  int64_t rows = 0, columns = 0, taps = 1;
  int64_t block = 1, count = 1;
  int64_t stride = 0;  // kVectors: floats from a vector to the next, a multiple of 4.
  int lanes = 0;
  hwy::AlignedFreeUniquePtr<uint8_t[]> codes;
  hwy::AlignedFreeUniquePtr<float[]> words;     // kWords, kVectors
  hwy::AlignedFreeUniquePtr<uint8_t[]> planes;  // kPlanes, kBytes

  bool IsWide() const { return count > 256; }
  int64_t PlaneBytes() const { return (count + 255) / 256 * 256; }
  int PanelWidth() const { return kPanelVectors * lanes; }
  int64_t Panels() const { return (rows + PanelWidth() - 1) / PanelWidth(); }
  int64_t CodesPerRow() const { return columns / block; }
  // Where code i of a panel's first channel is. REQUIRES: Code is uint8_t, or uint16_t if IsWide()
  template <typename Code>
  const Code* Codes(int64_t panel, int64_t i) const {
    return reinterpret_cast<const Code*>(codes.get()) + (panel * CodesPerRow() + i) * PanelWidth();
  }
};

// Whether the weights are a codebook, or more than 16 values, which are one of vectors of one weight; rows first.
bool CanPackCodebook(const WeightSource& source);

// REQUIRES: CanPackCodebook(source), lanes >= 1, at most 256 vectors for kPlanes. Cost: one pass over the codes.
CodebookWeights PackCodebook(const WeightSource& source, CodebookLayout layout, int lanes);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_CODEBOOK_WEIGHTS_H_
