#ifndef LOWBIT_RUNTIME_WEIGHTS_H_
#define LOWBIT_RUNTIME_WEIGHTS_H_

// Weights of a matrix product as the kernels read them: low-bit codes stay low-bit codes.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "hwy/aligned_allocator.h"
#include "lowbit/core/graph.h"

namespace lowbit::runtime {

// How a 32-bit word holds consecutive weights of one output channel, the first in the lowest bits.
enum class WeightFormat : uint8_t {
  kFloat,   // One float.
  kBits1,   // 32 codes of 1 bit, looked up in `table`.
  kBits2,   // 16 codes of 2 bits, looked up in `table`.
  kBits4,   // 8 codes of 4 bits, looked up in `table`.
  kGather,  // 4 codes of 8 bits; the value is large_table[code * block + phase[k]]: codebooks and more than 16 values.
};

// Weights that fit into one word of that format.
int WeightsPerWord(WeightFormat format);

// Vectors of output channels that a panel is wide.
inline constexpr int kPanelVectors = 2;

// The weights of `rows` output channels, `columns` each, without the scales of a low-bit tensor: those belong into the
// epilogue. A panel holds kPanelVectors * lanes channels, so that a
// vector's lanes are channels; the layout depends on the vector length, hence packing happens at load:
//
//   words[((panel * WordsPerRow() + k / per_word) * kPanelVectors + vector) * lanes + lane]
//
// holds weights k .. k + per_word - 1 of channel (panel * kPanelVectors + vector) * lanes + lane. Channels and weights
// that pad the last panel and word are 0 words.
struct PackedWeights {
  WeightFormat format = WeightFormat::kFloat;
  std::string values;  // "ternary", "float": for reports.
  int64_t rows = 0, columns = 0;
  int lanes = 0;
  hwy::AlignedFreeUniquePtr<uint32_t[]> words;
  size_t word_count = 0;
  float table[16] = {};            // kBits*: the values, repeated to fill 16 entries.
  std::vector<float> large_table;  // kGather
  std::vector<int32_t> phase;      // kGather: for each k, the position inside its codebook vector.
  int32_t block = 1;               // kGather

  int PanelWidth() const { return kPanelVectors * lanes; }
  int64_t Panels() const { return (rows + PanelWidth() - 1) / PanelWidth(); }
  int64_t WordsPerRow() const { return (columns + WeightsPerWord(format) - 1) / WeightsPerWord(format); }
  size_t PanelWords() const { return static_cast<size_t>(WordsPerRow() * PanelWidth()); }
};

// Where the weights of a matrix product come from: rows [first_row, first_row + rows) of a tensor whose first dimension
// counts the rows, or (`transposed`, two dimensions only) of its transpose.
struct WeightSource {
  const Parameter* parameter = nullptr;  // A FloatTensor or a QTensor.
  bool transposed = false;
  int64_t first_row = 0, rows = 0;
  // The order of the columns: packed weight k is source column (k % channels) * taps + k / channels. A convolution
  // over NHWC wants channels innermost; taps == 1 keeps the order.
  int64_t channels = 0, taps = 1;
};

// Row-major position of packed weight k of a row (counted from first_row) in the source tensor, whose shape is given.
size_t SourceIndex(const WeightSource& source, const Shape& shape, int64_t row, int64_t k);

// A whole row of the tensor's elements `from`: packed weight k, of tap t and channel c, goes to to[t * pitch + c].
// pitch: at least source.channels.
template <typename T>
void ReadRow(const WeightSource& source, const Shape& shape, const T* from, int64_t row, int64_t pitch, T* to) {
  const T* first = from + SourceIndex(source, shape, row, 0);
  const int64_t step = source.transposed ? shape[1] : 1;
  for (int64_t c = 0; c < source.channels; ++c) {
    for (int64_t t = 0; t < source.taps; ++t, first += step) to[t * pitch + c] = *first;
  }
}

// Whether Pack can do it: a transposed low-bit tensor needs a single scale and no codebook.
bool CanPack(const WeightSource& source);

// REQUIRES: CanPack(source), lanes >= 1. Cost: one pass over the weights.
PackedWeights Pack(const WeightSource& source, int lanes);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_WEIGHTS_H_
