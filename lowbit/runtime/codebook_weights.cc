#include "lowbit/runtime/codebook_weights.h"

#include <algorithm>
#include <cstring>

#include "lowbit/runtime/weight_memory.h"

namespace lowbit::runtime {
namespace {

// A table too large for registers is a codebook of vectors of one weight.
const QTensor* Codebook(const WeightSource& source) {
  const QTensor* tensor = source.parameter == nullptr ? nullptr : std::get_if<QTensor>(&source.parameter->value);
  if (tensor == nullptr) return nullptr;
  return tensor->values.kind == ValueSet::Kind::kCodebook || tensor->values.Count() > 16 ? tensor : nullptr;
}

std::vector<float> TableOf(const ValueSet& values) {
  if (values.kind == ValueSet::Kind::kCodebook) return values.table;
  std::vector<float> table;
  table.reserve(static_cast<size_t>(values.Count()));
  for (int code = 0; code < values.Count(); ++code) table.push_back(values.Value(code));
  return table;
}

template <typename Code>
void FillCodes(const WeightSource& source, const QTensor& tensor, CodebookWeights* packed) {
  const int64_t width = packed->PanelWidth(), per_row = packed->CodesPerRow();
  const auto total = static_cast<size_t>(packed->Panels() * per_row * width);
  packed->codes = AllocateWeights<uint8_t>(total * sizeof(Code));
  std::fill(packed->codes.get(), packed->codes.get() + total * sizeof(Code), uint8_t{0});
  Code* to = reinterpret_cast<Code*>(packed->codes.get());
  for (int64_t row = 0; row < packed->rows; ++row) {
    Code* first = to + row / width * per_row * width + row % width;
    const auto from = static_cast<size_t>((source.first_row + row) * per_row);
    for (int64_t i = 0; i < per_row; ++i) {
      first[i * width] = static_cast<Code>(tensor.Code(from + static_cast<size_t>(i)));
    }
  }
}

void FillWords(const std::vector<float>& table, CodebookWeights* packed) {
  packed->words = AllocateWeights<float>(table.size());
  for (int64_t code = 0; code < packed->count; ++code) {
    for (int64_t j = 0; j < packed->block; ++j) {
      packed->words[static_cast<size_t>(j * packed->count + code)] =
          table[static_cast<size_t>(code * packed->block + j)];
    }
  }
}

void FillPlanes(const std::vector<float>& table, CodebookWeights* packed) {
  const auto total = static_cast<size_t>(packed->block * 4 * 256);
  packed->planes = AllocateWeights<uint8_t>(total);
  std::fill(packed->planes.get(), packed->planes.get() + total, uint8_t{0});
  for (int64_t code = 0; code < packed->count; ++code) {
    for (int64_t j = 0; j < packed->block; ++j) {
      uint8_t bytes[4];
      std::memcpy(bytes, &table[static_cast<size_t>(code * packed->block + j)], 4);
      for (int64_t p = 0; p < 4; ++p) packed->planes[static_cast<size_t>((j * 4 + p) * 256 + code)] = bytes[p];
    }
  }
}

void FillBytes(const std::vector<float>& table, CodebookWeights* packed) {
  const auto total = static_cast<size_t>(packed->block * packed->PlaneBytes());
  packed->planes = AllocateWeights<uint8_t>(total);
  std::fill(packed->planes.get(), packed->planes.get() + total, uint8_t{0});
  for (int64_t i = 0; i < packed->count * packed->block; ++i) {
    const auto integer = static_cast<int8_t>(table[static_cast<size_t>(i)]);
    packed->planes[static_cast<size_t>(i % packed->block * packed->PlaneBytes() + i / packed->block)] =
        static_cast<uint8_t>(integer);
  }
}

void FillVectors(const std::vector<float>& table, CodebookWeights* packed) {
  packed->stride = (packed->block + 3) / 4 * 4;
  const auto total = static_cast<size_t>(packed->count * packed->stride);
  packed->words = AllocateWeights<float>(total);
  std::fill(packed->words.get(), packed->words.get() + total, 0.0f);
  for (int64_t code = 0; code < packed->count; ++code) {
    std::copy_n(table.begin() + code * packed->block, packed->block, packed->words.get() + code * packed->stride);
  }
}

}  // namespace

bool CanPackCodebook(const WeightSource& source) {
  return Codebook(source) != nullptr && !source.transposed && source.rows >= 1;
}

CodebookWeights PackCodebook(const WeightSource& source, CodebookLayout layout, int lanes) {
  LOWBIT_CHECK(CanPackCodebook(source) && lanes >= 1);
  const QTensor& tensor = *Codebook(source);
  CodebookWeights packed;
  packed.layout = layout;
  packed.values = tensor.values.Name();
  packed.rows = source.rows;
  packed.columns = source.channels * source.taps;
  packed.taps = source.taps;
  packed.block = tensor.values.block;
  packed.count = tensor.values.Count();
  packed.lanes = lanes;
  LOWBIT_CHECK(layout != CodebookLayout::kPlanes || !packed.IsWide());
  packed.IsWide() ? FillCodes<uint16_t>(source, tensor, &packed) : FillCodes<uint8_t>(source, tensor, &packed);
  const std::vector<float> table = TableOf(tensor.values);
  if (layout == CodebookLayout::kWords) FillWords(table, &packed);
  if (layout == CodebookLayout::kPlanes) FillPlanes(table, &packed);
  if (layout == CodebookLayout::kBytes) FillBytes(table, &packed);
  if (layout == CodebookLayout::kVectors) FillVectors(table, &packed);
  return packed;
}

}  // namespace lowbit::runtime
