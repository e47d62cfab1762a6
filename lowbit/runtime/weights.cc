#include "lowbit/runtime/weights.h"

#include <algorithm>
#include <cstring>

#include "lowbit/runtime/weight_memory.h"

namespace lowbit::runtime {
namespace {

WeightFormat FormatOf(const ValueSet& values) {
  if (values.kind == ValueSet::Kind::kCodebook || values.Count() > 16) return WeightFormat::kGather;
  if (values.Count() > 4) return WeightFormat::kBits4;
  return values.Count() > 2 ? WeightFormat::kBits2 : WeightFormat::kBits1;
}

int64_t SourceColumn(const WeightSource& source, int64_t k) {
  return (k % source.channels) * source.taps + k / source.channels;
}

// Stores the rows' weights; read(row, weights) writes those of one row, in order, `bits` wide each.
template <typename T, typename ReadFunction>
void FillWords(PackedWeights* packed, int bits, const ReadFunction& read) {
  const int64_t per_word = WeightsPerWord(packed->format);
  const int64_t width = packed->PanelWidth(), words_per_row = packed->WordsPerRow();
  packed->word_count = packed->PanelWords() * static_cast<size_t>(packed->Panels());
  packed->words = AllocateWeights<uint32_t>(packed->word_count);
  std::memset(packed->words.get(), 0, packed->word_count * sizeof(uint32_t));
  std::vector<T> weights(static_cast<size_t>(words_per_row * per_word), T{0});
  for (int64_t row = 0; row < packed->rows; ++row) {
    read(row, weights.data());
    uint32_t* out = packed->words.get() + (row / width) * words_per_row * width + row % width;
    const T* next = weights.data();
    for (int64_t w = 0; w < words_per_row; ++w, out += width) {
      uint32_t word = 0;
      for (int i = 0; i < per_word; ++i) word |= static_cast<uint32_t>(*next++) << (bits * i);
      *out = word;
    }
  }
}

void PackFloats(const WeightSource& source, const FloatTensor& tensor, PackedWeights* packed) {
  packed->format = WeightFormat::kFloat;
  packed->values = "float";
  std::vector<float> floats(static_cast<size_t>(packed->columns));
  FillWords<uint32_t>(packed, 32, [&](int64_t row, uint32_t* words) {
    ReadRow(source, tensor.shape, tensor.data.data(), row, source.channels, floats.data());
    std::memcpy(words, floats.data(), floats.size() * sizeof(float));
  });
}

void FillTables(const WeightSource& source, const ValueSet& values, PackedWeights* packed) {
  const bool codebook = values.kind == ValueSet::Kind::kCodebook;
  if (packed->format != WeightFormat::kGather) {
    const int count = values.Count();
    int period = 1;
    while (period < count) period *= 2;
    for (int i = 0; i < 16; ++i) packed->table[i] = i % period < count ? values.Value(i % period) : 0.0f;
    return;
  }
  packed->block = values.block;
  packed->phase.resize(static_cast<size_t>(packed->columns));
  for (int64_t k = 0; k < packed->columns; ++k) {
    packed->phase[static_cast<size_t>(k)] = static_cast<int32_t>(SourceColumn(source, k) % values.block);
  }
  packed->large_table = values.table;
  // The padding's codes are 0, so that a table of at least one entry is never read past its end.
  for (int code = 0; !codebook && packed->large_table.size() < static_cast<size_t>(values.Count()); ++code) {
    packed->large_table.push_back(values.Value(code));
  }
}

void PackCodes(const WeightSource& source, const QTensor& tensor, PackedWeights* packed) {
  packed->format = FormatOf(tensor.values);
  packed->values = tensor.values.Name();
  FillTables(source, tensor.values, packed);
  const auto block = static_cast<size_t>(tensor.values.block);
  FillWords<uint8_t>(packed, 32 / WeightsPerWord(packed->format), [&](int64_t row, uint8_t* codes) {
    if (block == 1) return ReadRow(source, tensor.shape, tensor.codes.data(), row, source.channels, codes);
    for (int64_t k = 0; k < packed->columns; ++k) {
      codes[k] = tensor.codes[SourceIndex(source, tensor.shape, row, k) / block];
    }
  });
}

// Codes of more than 8 bits: the values themselves, without the scales.
void PackWideCodes(const WeightSource& source, const QTensor& tensor, PackedWeights* packed) {
  QTensor unscaled = tensor;
  unscaled.scales = {1};
  PackFloats(source, Dequantize(unscaled), packed);
  packed->values = tensor.values.Name();
}

}  // namespace

size_t SourceIndex(const WeightSource& source, const Shape& shape, int64_t row, int64_t k) {
  const int64_t column = SourceColumn(source, k);
  const int64_t columns = source.channels * source.taps;
  const int64_t r = source.first_row + row;
  return static_cast<size_t>(source.transposed ? column * shape[1] + r : r * columns + column);
}

int WeightsPerWord(WeightFormat format) {
  switch (format) {
    case WeightFormat::kFloat:
      return 1;
    case WeightFormat::kBits1:
      return 32;
    case WeightFormat::kBits2:
      return 16;
    case WeightFormat::kBits4:
      return 8;
    case WeightFormat::kGather:
      return 4;
  }
  return 1;
}

bool CanPack(const WeightSource& source) {
  if (source.parameter == nullptr || source.channels < 1 || source.taps < 1 || source.rows < 1) return false;
  if (std::holds_alternative<FloatTensor>(source.parameter->value)) return true;
  const QTensor* tensor = std::get_if<QTensor>(&source.parameter->value);
  return tensor != nullptr &&
         (!source.transposed || (tensor->scales.size() == 1 && tensor->values.kind != ValueSet::Kind::kCodebook));
}

PackedWeights Pack(const WeightSource& source, int lanes) {
  LOWBIT_CHECK(CanPack(source) && lanes >= 1);
  PackedWeights packed;
  packed.rows = source.rows;
  packed.columns = source.channels * source.taps;
  packed.lanes = lanes;
  if (const QTensor* tensor = std::get_if<QTensor>(&source.parameter->value)) {
    tensor->high_codes.empty() ? PackCodes(source, *tensor, &packed) : PackWideCodes(source, *tensor, &packed);
  } else {
    PackFloats(source, std::get<FloatTensor>(source.parameter->value), &packed);
  }
  return packed;
}

}  // namespace lowbit::runtime
