#include "lowbit/runtime/byte_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lowbit/runtime/split_weights.h"
#include "lowbit/runtime/weight_memory.h"

namespace lowbit::runtime {
namespace {

// The narrowest storage; wide integers are stored as they are, so that looked-up ones are always narrow.
int BitsFor(const ValueSet& values, bool narrow) {
  if (!narrow || values.Count() > 16) return 8;
  if (values.Count() > 4) return 4;
  return values.Count() > 2 ? 2 : 1;
}

// Whether the values lie on a line, which is then cheaper than a table.
void FindLine(const ValueSet& values, ByteWeights* packed) {
  if (packed->bits == 8 || values.Count() < 2) return;
  const auto integer = [&](int code) { return static_cast<int32_t>(values.Value(code)); };
  const int32_t slope = integer(1) - integer(0), base = integer(0);
  for (int code = 0; code < values.Count(); ++code) {
    if (integer(code) != code * slope + base) return;
  }
  packed->slope = slope;
  packed->base = base;
}

const QTensor* LowBit(const WeightSource& source) {
  return source.parameter == nullptr ? nullptr : std::get_if<QTensor>(&source.parameter->value);
}

bool IsCodebook(const QTensor& tensor) { return tensor.values.kind == ValueSet::Kind::kCodebook; }

void PackVectors(const WeightSource& source, const QTensor& tensor, ByteWeights* packed) {
  packed->codebook = PackCodebook(source, CodebookLayout::kBytes, packed->lanes);
  const int64_t block = tensor.values.block, per_row = packed->codebook.CodesPerRow();
  std::vector<int32_t> vector_sums;
  for (size_t i = 0; i < tensor.values.table.size(); ++i) {
    if (i % static_cast<size_t>(block) == 0) vector_sums.push_back(0);
    vector_sums.back() += static_cast<int32_t>(tensor.values.table[i]);
  }
  for (int64_t row = 0; row < source.rows; ++row) {
    for (int64_t i = 0; i < per_row; ++i) {
      const int code = tensor.Code(static_cast<size_t>((source.first_row + row) * per_row + i));
      packed->sums[static_cast<size_t>(row)] += vector_sums[static_cast<size_t>(code)];
    }
  }
}

// Packs rows of codes one after the other.
class RowPacker {
 public:
  RowPacker(const WeightSource& source, const QTensor& tensor, ByteWeights* packed)
      : source_(source), tensor_(tensor), packed_(*packed), channels_(PaddedChannels(source.channels)) {
    for (int code = 0; code < tensor.values.Count(); ++code) {
      integers_[code] = static_cast<int32_t>(tensor.values.Value(code));
      stored_[code] = static_cast<uint8_t>(packed->bits < 8 ? code : integers_[code]);
    }
    codes_.resize(static_cast<size_t>(source.taps * channels_));
    bytes_.resize(static_cast<size_t>(packed_.WordsPerRow() * packed_.QuadsPerWord() * 4));
  }

  void Pack(int64_t row) {
    ReadRow(source_, tensor_.shape, tensor_.codes.data(), row, channels_, codes_.data());
    int32_t sum = 0;
    for (int64_t tap = 0; tap < source_.taps; ++tap) {
      const uint8_t* from = codes_.data() + tap * channels_;
      uint8_t* to = bytes_.data() + tap * channels_;  // What pads the channels stays 0.
      for (int64_t c = 0; c < source_.channels; ++c) {
        to[c] = stored_[from[c]];
        sum += integers_[from[c]];
      }
    }
    packed_.sums[static_cast<size_t>(row)] = sum;
    StoreWords(row);
  }

 private:
  void StoreWords(int64_t row) {
    const int64_t width = packed_.PanelWidth(), words = packed_.WordsPerRow();
    uint8_t* out = packed_.bytes.get() + (row / width * words * width + row % width) * 4;
    const uint8_t* next = bytes_.data();
    for (int64_t w = 0; w < words; ++w, out += width * 4) {
      uint32_t word = 0;
      for (int q = 0; q < packed_.QuadsPerWord(); ++q, next += 4) {
        uint32_t quad;
        std::memcpy(&quad, next, sizeof(quad));
        word |= quad << (q * packed_.bits);
      }
      std::memcpy(out, &word, sizeof(word));
    }
  }

  const WeightSource& source_;
  const QTensor& tensor_;
  ByteWeights& packed_;
  int64_t channels_;
  int32_t integers_[256] = {};
  uint8_t stored_[256] = {};            // What stands for a code.
  std::vector<uint8_t> codes_, bytes_;  // Of a row.
};

}  // namespace

std::optional<IntegerValues> IntegersOf(const WeightSource& source) {
  const QTensor* tensor = LowBit(source);
  if (tensor == nullptr || (IsCodebook(*tensor) && source.transposed)) return std::nullopt;
  if (tensor->scales != std::vector<float>{1} || source.rows < 1 || source.channels < 1) return std::nullopt;
  IntegerValues values;
  for (const float number : NumbersOf(tensor->values)) {
    if (!(std::abs(number) <= kMaxIntegerWeight) || number != std::floor(number)) return std::nullopt;
    values.integers.push_back(static_cast<int32_t>(number));
  }
  return values;
}

bool IsSplit(const IntegerValues& values) {
  return std::any_of(values.integers.begin(), values.integers.end(), [](int32_t w) { return w < -128 || w > 127; });
}

ByteWeights PackBytes(const WeightSource& source, int lanes) {
  const std::optional<IntegerValues> values = IntegersOf(source);
  LOWBIT_CHECK(values.has_value() && lanes >= 1);
  const QTensor& tensor = *LowBit(source);
  const int64_t channels = PaddedChannels(source.channels);
  ByteWeights packed;
  packed.values = tensor.values.Name();
  packed.rows = source.rows;
  packed.quads = source.taps * channels / 4;
  packed.lanes = lanes;
  packed.split = IsSplit(*values);
  packed.narrow = values->Magnitude() <= 64;
  packed.sums.assign(static_cast<size_t>(packed.Panels() * packed.PanelWidth()), 0);
  if (packed.split) {
    PackSplit(source, *values, &packed);
    return packed;
  }
  if (IsCodebook(tensor)) {
    PackVectors(source, tensor, &packed);
    return packed;
  }
  const int count = tensor.values.Count();
  packed.bits = BitsFor(tensor.values, packed.narrow);
  for (int code = 0; packed.bits < 8 && code < count; ++code) {
    packed.table[code] = static_cast<int8_t>(tensor.values.Value(code));
  }

  packed.padding_sum = static_cast<int32_t>(source.taps * (channels - source.channels) * packed.table[0]);
  FindLine(tensor.values, &packed);

  const size_t total = packed.PanelBytes() * static_cast<size_t>(packed.Panels());
  packed.bytes = AllocateWeights<uint8_t>(total);
  std::memset(packed.bytes.get(), 0, total);
  RowPacker packer(source, tensor, &packed);
  for (int64_t row = 0; row < packed.rows; ++row) packer.Pack(row);
  return packed;
}

}  // namespace lowbit::runtime
