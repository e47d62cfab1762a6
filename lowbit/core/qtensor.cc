#include "lowbit/core/qtensor.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lowbit {
namespace {

bool AllFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

Status ValidateValues(const ValueSet& values) {
  using Kind = ValueSet::Kind;
  const bool has_table = values.kind == Kind::kTable || values.kind == Kind::kCodebook;
  if (values.kind > Kind::kCodebook) return Invalid("value set: unknown kind");
  if (values.block < 1 || (values.block != 1 && values.kind != Kind::kCodebook)) {
    return Invalid("value set: block must be 1, or at least 1 for a codebook");
  }
  if (!has_table && !values.table.empty()) return Invalid("value set: only tables and codebooks list values");
  if (values.kind == Kind::kAffine) {
    if (values.bits < 1 || values.bits > 8) return Invalid("value set: affine bits must be in 1..8");
    if (values.zero_point < 0 || values.zero_point >= values.Count()) {
      return Invalid("value set: zero point must be a code");
    }
  }
  if (has_table) {
    const size_t block = static_cast<size_t>(values.block);
    if (values.table.empty() || values.table.size() % block != 0 || values.table.size() / block > 256) {
      return Invalid("value set: a table must have 1..256 entries of `block` values");
    }
    if (!AllFinite(values.table)) return Invalid("value set: table values must be finite");
  }
  return Ok();
}

}  // namespace

ValueSet ValueSet::Binary() {
  ValueSet set;
  set.kind = Kind::kBinary;
  return set;
}

ValueSet ValueSet::Ternary() { return ValueSet(); }

ValueSet ValueSet::Affine(int bits, int zero_point) {
  LOWBIT_CHECK(bits >= 1 && bits <= 8 && zero_point >= 0 && zero_point < (1 << bits));
  ValueSet set;
  set.kind = Kind::kAffine;
  set.bits = bits;
  set.zero_point = zero_point;
  return set;
}

ValueSet ValueSet::Table(std::vector<float> values) {
  ValueSet set;
  set.kind = Kind::kTable;
  set.table = std::move(values);
  return set;
}

ValueSet ValueSet::Codebook(std::vector<float> vectors, int block) {
  ValueSet set;
  set.kind = Kind::kCodebook;
  set.table = std::move(vectors);
  set.block = block;
  return set;
}

int ValueSet::Count() const {
  switch (kind) {
    case Kind::kBinary:
      return 2;
    case Kind::kTernary:
      return 3;
    case Kind::kAffine:
      return 1 << bits;
    case Kind::kTable:
    case Kind::kCodebook:
      return static_cast<int>(table.size()) / block;
  }
  return 0;
}

int ValueSet::Bits() const {
  int width = 1;
  while ((1 << width) < Count()) ++width;
  return width;
}

float ValueSet::Value(int code) const {
  LOWBIT_DCHECK(code >= 0 && code < Count() && kind != Kind::kCodebook);
  switch (kind) {
    case Kind::kBinary:
      return static_cast<float>(2 * code - 1);
    case Kind::kTernary:
      return static_cast<float>(code - 1);
    case Kind::kAffine:
      return static_cast<float>(code - zero_point);
    case Kind::kTable:
    case Kind::kCodebook:
      return table[static_cast<size_t>(code)];
  }
  return 0;
}

std::string ValueSet::Name() const {
  switch (kind) {
    case Kind::kBinary:
      return "binary";
    case Kind::kTernary:
      return "ternary";
    case Kind::kAffine:
      return "affine" + std::to_string(bits);
    case Kind::kTable:
      return "table" + std::to_string(Count());
    case Kind::kCodebook:
      return "codebook" + std::to_string(Count()) + "x" + std::to_string(block);
  }
  return "";
}

bool ValueSet::operator==(const ValueSet& other) const {
  return kind == other.kind && bits == other.bits && zero_point == other.zero_point && table == other.table &&
         block == other.block;
}

Status Validate(const QTensor& tensor) {
  if (tensor.shape.empty()) return Invalid("low-bit tensor: needs at least one dimension");
  LOWBIT_TRY(const int64_t elements, CheckedElements(tensor.shape));
  if (elements == 0) return Invalid("low-bit tensor: shape " + ToString(tensor.shape) + " has no elements");
  LOWBIT_RETURN_IF_ERROR(ValidateValues(tensor.values));
  if (tensor.Columns() % tensor.values.block != 0) {
    return Invalid("low-bit tensor: the codebook's block " + std::to_string(tensor.values.block) +
                   " does not divide a row of " + std::to_string(tensor.Columns()) + " weights");
  }
  const size_t expected = static_cast<size_t>(elements / tensor.values.block);
  if (tensor.codes.size() != expected) {
    return Invalid("low-bit tensor: has " + std::to_string(tensor.codes.size()) + " codes; shape " +
                   ToString(tensor.shape) + " needs " + std::to_string(expected));
  }
  const int count = tensor.values.Count();
  const auto outside =
      std::find_if(tensor.codes.begin(), tensor.codes.end(), [&](uint8_t code) { return code >= count; });
  if (outside != tensor.codes.end()) {
    return Invalid("low-bit tensor: code " + std::to_string(*outside) + " at index " +
                   std::to_string(outside - tensor.codes.begin()) + " is outside " + tensor.values.Name());
  }
  if (tensor.scales.size() != 1 && tensor.scales.size() != static_cast<size_t>(tensor.Rows())) {
    return Invalid("low-bit tensor: has " + std::to_string(tensor.scales.size()) + " scales; expected 1 or " +
                   std::to_string(tensor.Rows()));
  }
  if (!AllFinite(tensor.scales)) return Invalid("low-bit tensor: scales must be finite");
  return Ok();
}

FloatTensor Dequantize(const QTensor& tensor) {
  FloatTensor result(tensor.shape);
  const int64_t rows = tensor.Rows(), columns = tensor.Columns();
  const int64_t block = tensor.values.block;
  const int64_t codes_per_row = columns / block;
  for (int64_t row = 0; row < rows; ++row) {
    const float scale = tensor.Scale(row);
    const uint8_t* codes = tensor.codes.data() + row * codes_per_row;
    float* out = result.data.data() + row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      const uint8_t code = codes[i / block];
      const float value = tensor.values.kind == ValueSet::Kind::kCodebook
                              ? tensor.values.table[static_cast<size_t>(code * block + i % block)]
                              : tensor.values.Value(code);
      out[i] = scale * value;
    }
  }
  return result;
}

}  // namespace lowbit
