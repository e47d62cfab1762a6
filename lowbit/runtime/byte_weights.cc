#include "lowbit/runtime/byte_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

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

}  // namespace

bool CanPackBytes(const WeightSource& source) {
  const QTensor* tensor = LowBit(source);
  if (tensor == nullptr || tensor->values.kind == ValueSet::Kind::kCodebook) return false;
  if (tensor->scales != std::vector<float>{1} || source.rows < 1 || source.channels < 1) return false;
  for (int code = 0; code < tensor->values.Count(); ++code) {
    const float value = tensor->values.Value(code);
    if (!(value >= -128 && value <= 127 && value == std::floor(value))) return false;
  }
  return true;
}

ByteWeights PackBytes(const WeightSource& source, int lanes) {
  LOWBIT_CHECK(CanPackBytes(source) && lanes >= 1);
  const QTensor& tensor = *LowBit(source);
  const int64_t channels = PaddedChannels(source.channels);
  ByteWeights packed;
  packed.values = tensor.values.Name();
  packed.rows = source.rows;
  packed.quads = source.taps * channels / 4;
  packed.lanes = lanes;
  const int count = tensor.values.Count();
  packed.narrow = true;
  for (int code = 0; code < count; ++code) packed.narrow = packed.narrow && std::abs(tensor.values.Value(code)) <= 64;
  packed.bits = BitsFor(tensor.values, packed.narrow);
  for (int code = 0; packed.bits < 8 && code < count; ++code) {
    packed.table[code] = static_cast<int8_t>(tensor.values.Value(code));
  }

  FindLine(tensor.values, &packed);

  const size_t total = packed.PanelBytes() * static_cast<size_t>(packed.Panels());
  packed.bytes = hwy::AllocateAligned<uint8_t>(total);
  std::memset(packed.bytes.get(), 0, total);
  packed.sums.assign(static_cast<size_t>(packed.Panels() * packed.PanelWidth()), 0);
  const int per = packed.QuadsPerWord();
  const int64_t width = packed.PanelWidth(), words = packed.WordsPerRow();
  for (int64_t row = 0; row < packed.rows; ++row) {
    uint8_t* out = packed.bytes.get() + (row / width * words * width + row % width) * 4;
    for (int64_t tap = 0; tap < source.taps; ++tap) {
      for (int64_t c = 0; c < source.channels; ++c) {
        const int64_t quad = (tap * channels + c) / 4;
        const uint8_t code = tensor.codes[SourceIndex(source, tensor.shape, row, tap * source.channels + c)];
        const int integer = static_cast<int>(tensor.values.Value(code));
        const uint32_t bits = packed.bits < 8 ? code : static_cast<uint8_t>(integer);
        out[quad / per * width * 4 + c % 4] |= static_cast<uint8_t>(bits << (quad % per * packed.bits));
        packed.sums[static_cast<size_t>(row)] += integer;
      }
    }
  }
  return packed;
}

}  // namespace lowbit::runtime
