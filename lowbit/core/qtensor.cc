#include "lowbit/core/qtensor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/base/half.h"

namespace lowbit {
namespace {

bool AllFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

Status ValidateByteTable(const ValueSet& values) {
  const auto is_step = [](float scale) { return std::isfinite(scale) && scale >= 0; };
  if (values.table_scales.size() != static_cast<size_t>(values.block) ||
      !std::all_of(values.table_scales.begin(), values.table_scales.end(), is_step)) {
    return Invalid(
        "value set: a codebook in bytes needs one step, finite and not negative, for each position of a block");
  }
  const std::vector<int8_t> integers = values.TableIntegers();
  for (size_t i = 0; i < integers.size(); ++i) {
    if (values.table[i] != values.table_scales[i % values.table_scales.size()] * integers[i]) {
      return Invalid("value set: a codebook in bytes holds a value that is no integer in -127..127 times its step");
    }
  }
  return Ok();
}

Status ValidateStorage(const ValueSet& values) {
  using Storage = ValueSet::Storage;
  if (values.storage > Storage::kInt8) return Invalid("value set: unknown storage");
  if (values.storage != Storage::kFloat32 && values.kind != ValueSet::Kind::kCodebook) {
    return Invalid("value set: only codebooks are stored as halves or bytes");
  }
  if (values.storage == Storage::kInt8) return ValidateByteTable(values);
  if (!values.table_scales.empty()) return Invalid("value set: only codebooks in bytes have steps");
  if (values.storage == Storage::kFloat16 &&
      !std::all_of(values.table.begin(), values.table.end(), [](float v) { return FromHalf(ToHalf(v)) == v; })) {
    return Invalid("value set: a codebook in halves holds a value that is none");
  }
  return Ok();
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
    const size_t most = values.kind == Kind::kCodebook ? kMaxCodebookCount : 256;
    if (values.table.empty() || values.table.size() % block != 0 || values.table.size() / block > most) {
      return Invalid("value set: a table must have 1.." + std::to_string(most) + " entries of `block` values");
    }
    if (!AllFinite(values.table)) return Invalid("value set: table values must be finite");
  }
  return ValidateStorage(values);
}

const char* StorageName(ValueSet::Storage storage) {
  switch (storage) {
    case ValueSet::Storage::kFloat32:
      return "";
    case ValueSet::Storage::kFloat16:
      return "_float16";
    case ValueSet::Storage::kInt8:
      return "_int8";
  }
  return "";
}

// Error: the first code that is none.
Status ValidateCodes(const QTensor& tensor) {
  const int count = tensor.values.Count();
  if (tensor.high_codes.size() != (count > 256 ? tensor.codes.size() : 0)) {
    return Invalid("low-bit tensor: has " + std::to_string(tensor.high_codes.size()) + " high bytes of codes; " +
                   tensor.values.Name() + " needs " + std::to_string(count > 256 ? tensor.codes.size() : 0));
  }
  // Most tensors are right, which a loop without an exit finds in vectors.
  uint8_t largest = 0;
  for (const uint8_t code : tensor.codes) largest = std::max(largest, code);
  if (tensor.high_codes.empty() && largest < count) return Ok();
  for (size_t i = 0; i < tensor.codes.size(); ++i) {
    if (tensor.Code(i) < count) continue;
    return Invalid("low-bit tensor: code " + std::to_string(tensor.Code(i)) + " at index " + std::to_string(i) +
                   " is outside " + tensor.values.Name());
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

ValueSet ValueSet::HalfCodebook(std::vector<float> vectors, int block) {
  ValueSet set = Codebook(std::move(vectors), block);
  set.storage = Storage::kFloat16;
  for (float& value : set.table) value = FromHalf(ToHalf(value));
  return set;
}

ValueSet ValueSet::ByteCodebook(std::vector<float> vectors, int block) {
  ValueSet set = Codebook(std::move(vectors), block);
  set.storage = Storage::kInt8;
  set.table_scales.assign(static_cast<size_t>(block), 0.0f);
  for (size_t i = 0; i < set.table.size(); ++i) {
    float& largest = set.table_scales[i % set.table_scales.size()];
    largest = std::max(largest, std::abs(set.table[i]));
  }
  for (float& step : set.table_scales) step /= 127;
  const std::vector<int8_t> integers = set.TableIntegers();
  for (size_t i = 0; i < integers.size(); ++i) {
    set.table[i] = set.table_scales[i % set.table_scales.size()] * integers[i];
  }
  return set;
}

std::vector<int8_t> ValueSet::TableIntegers() const {
  std::vector<int8_t> integers;
  integers.reserve(table.size());
  for (size_t i = 0; i < table.size(); ++i) {
    const double step = table_scales[i % table_scales.size()];
    const double steps = step == 0 ? 0 : std::nearbyint(static_cast<double>(table[i]) / step);
    integers.push_back(static_cast<int8_t>(std::clamp(steps, -127.0, 127.0)));
  }
  return integers;
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
      return "codebook" + std::to_string(Count()) + "x" + std::to_string(block) + StorageName(storage);
  }
  return "";
}

bool ValueSet::operator==(const ValueSet& other) const {
  return kind == other.kind && bits == other.bits && zero_point == other.zero_point && table == other.table &&
         block == other.block && storage == other.storage && table_scales == other.table_scales;
}

void QTensor::AddCode(int code) {
  LOWBIT_DCHECK(code >= 0 && code < values.Count());
  codes.push_back(static_cast<uint8_t>(code));
  if (values.Count() > 256) high_codes.push_back(static_cast<uint8_t>(code >> 8));
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
  LOWBIT_RETURN_IF_ERROR(ValidateCodes(tensor));
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
    float* out = result.data.data() + row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      const int code = tensor.Code(static_cast<size_t>(row * codes_per_row + i / block));
      const float value = tensor.values.kind == ValueSet::Kind::kCodebook
                              ? tensor.values.table[static_cast<size_t>(code * block + i % block)]
                              : tensor.values.Value(code);
      out[i] = scale * value;
    }
  }
  return result;
}

}  // namespace lowbit
