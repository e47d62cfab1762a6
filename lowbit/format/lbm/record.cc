#include "lowbit/format/lbm/record.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "lowbit/base/bytes.h"
#include "lowbit/base/half.h"
#include "lowbit/format/lbm/header.h"
#include "lowbit/format/lbm/pack_bits.h"
#include "lowbit/format/lbm/pack_trits.h"

namespace lowbit::lbm {
namespace {

bool IsRaw(Kind kind) { return kind == Kind::kFloat32 || kind == Kind::kInt64; }
bool HasTable(Kind kind) { return kind == Kind::kTable || kind == Kind::kCodebook; }

// ValueSet's kinds follow in the same order.
constexpr uint8_t kFirstLowBit = static_cast<uint8_t>(Kind::kBinary);
static_assert(static_cast<uint8_t>(ValueSet::Kind::kBinary) + kFirstLowBit == static_cast<uint8_t>(Kind::kBinary));
static_assert(static_cast<uint8_t>(ValueSet::Kind::kCodebook) + kFirstLowBit == static_cast<uint8_t>(Kind::kCodebook));

Record LowBitRecord(const QTensor& tensor) {
  const ValueSet& values = tensor.values;
  Record record;
  record.kind = static_cast<Kind>(static_cast<uint8_t>(values.kind) + kFirstLowBit);
  record.row_scales = tensor.scales.size() > 1;
  if (record.kind == Kind::kAffine) {
    record.bits = values.bits;
    record.zero_point = values.zero_point;
  }
  if (HasTable(record.kind)) record.entries = values.Count();
  if (record.kind == Kind::kCodebook) record.block = values.block;
  record.storage = values.storage;
  return record;
}

Status CheckFields(const Record& record) {
  if (record.kind > Kind::kCodebook) return Invalid("kind is unknown");
  if (record.kind != Kind::kAffine && (record.bits != 0 || record.zero_point != 0)) {
    return Invalid("bits and zero point must be 0 where the kind is not affine");
  }
  if (record.kind == Kind::kAffine && (record.bits < 1 || record.bits > 8 || record.zero_point >> record.bits != 0)) {
    return Invalid("affine bits must be in 1..8 and the zero point below 2^bits");
  }
  const int most = record.kind == Kind::kCodebook ? kMaxCodebookCount : 256;
  if (HasTable(record.kind) ? record.entries < 1 || record.entries > most : record.entries != 0) {
    return Invalid("a table must have 1..256 entries, a codebook 1..32768, and other kinds none");
  }
  if (record.storage > ValueSet::Storage::kInt8) return Invalid("storage is unknown");
  if (record.storage != ValueSet::Storage::kFloat32 && record.kind != Kind::kCodebook) {
    return Invalid("storage must be 0 where the kind is not a codebook");
  }
  if (record.kind == Kind::kCodebook ? record.block < 1 || record.block > INT32_MAX : record.block != 0) {
    return Invalid("a codebook's block must be in 1..2^31 - 1, and that of other kinds 0");
  }
  if (IsRaw(record.kind) && record.row_scales) return Invalid("a raw parameter has no scales");
  return Ok();
}

// The value set but for the values of its table, which are zeros.
ValueSet EmptyValueSet(const Record& record) {
  ValueSet values;
  values.kind = static_cast<ValueSet::Kind>(static_cast<uint8_t>(record.kind) - kFirstLowBit);
  values.bits = record.bits;
  values.zero_point = record.zero_point;
  values.block = record.kind == Kind::kCodebook ? static_cast<int>(record.block) : 1;
  values.storage = record.storage;
  values.table.resize(static_cast<size_t>(record.entries) * static_cast<size_t>(values.block));
  return values;
}

int CodeBits(const Record& record) {
  if (IsRaw(record.kind) || record.kind == Kind::kTernary) return 0;
  Record vectors_of_one = record;  // The width depends on the number of vectors, not on their length.
  vectors_of_one.block = 1;
  return EmptyValueSet(vectors_of_one).Bits();
}

template <typename T>
void AppendNumbers(const std::vector<T>& numbers, std::vector<uint8_t>* bytes) {
  const size_t begin = bytes->size();
  bytes->resize(begin + numbers.size() * sizeof(T));
  for (size_t i = 0; i < numbers.size(); ++i) StoreLittle(numbers[i], bytes->data() + begin + i * sizeof(T));
}

// `count` numbers from the front of `bytes`, which moves behind them.
template <typename T>
std::vector<T> TakeNumbers(uint64_t count, Span<const uint8_t>* bytes) {
  std::vector<T> numbers(count);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = LoadLittle<T>(bytes->data() + i * sizeof(T));
  const uint64_t taken = count * sizeof(T);
  *bytes = bytes->subspan(taken, bytes->size() - taken);
  return numbers;
}

// Halves and bytes are padded, so that the floats behind them stay aligned.
constexpr uint64_t kTableAlignment = sizeof(float);

uint64_t TableBytes(const Record& record) {
  const uint64_t block = record.kind == Kind::kCodebook ? static_cast<uint64_t>(record.block) : 1;
  const uint64_t values = static_cast<uint64_t>(record.entries) * block;
  switch (record.storage) {
    case ValueSet::Storage::kFloat32:
      return sizeof(float) * values;
    case ValueSet::Storage::kFloat16:
      return RoundUp(sizeof(uint16_t) * values, kTableAlignment);
    case ValueSet::Storage::kInt8:
      return RoundUp(sizeof(float) * block + values, kTableAlignment);
  }
  return 0;
}

void AppendTable(const ValueSet& values, std::vector<uint8_t>* data) {
  if (values.storage == ValueSet::Storage::kFloat32) return AppendNumbers(values.table, data);
  if (values.storage == ValueSet::Storage::kFloat16) {
    std::vector<uint16_t> halves;
    for (const float value : values.table) halves.push_back(ToHalf(value));
    AppendNumbers(halves, data);
  } else {
    AppendNumbers(values.table_scales, data);
    AppendNumbers(values.TableIntegers(), data);
  }
}

// REQUIRES: bytes.size() == TableBytes(record)
Status ReadTable(Span<const uint8_t> bytes, ValueSet* values) {
  if (values->storage == ValueSet::Storage::kFloat32) {
    values->table = TakeNumbers<float>(values->table.size(), &bytes);
  } else if (values->storage == ValueSet::Storage::kFloat16) {
    const std::vector<uint16_t> halves = TakeNumbers<uint16_t>(values->table.size(), &bytes);
    std::transform(halves.begin(), halves.end(), values->table.begin(), FromHalf);
  } else {
    values->table_scales = TakeNumbers<float>(static_cast<uint64_t>(values->block), &bytes);
    const std::vector<int8_t> integers = TakeNumbers<int8_t>(values->table.size(), &bytes);
    for (size_t i = 0; i < integers.size(); ++i) {
      const float step = values->table_scales[i % values->table_scales.size()];
      if (integers[i] == -128 || (step == 0 && integers[i] != 0)) {
        return Invalid("a codebook in bytes holds an integer that no writer gives");
      }
      values->table[i] = step * integers[i];
    }
  }
  const bool clean = std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
  return clean ? Ok() : Status(Invalid("padding behind its codebook is not zero"));
}

void AppendLowBit(const QTensor& tensor, const Parts& parts, std::vector<uint8_t>* data) {
  const size_t first = data->size();
  AppendTable(tensor.values, data);
  data->resize(first + parts.table, 0);
  AppendNumbers(tensor.scales, data);
  const size_t begin = data->size();
  data->resize(begin + parts.rows * parts.row);
  for (uint64_t row = 0; row < parts.rows; ++row) {
    const uint8_t* codes = tensor.codes.data() + row * parts.row_codes;
    uint8_t* bytes = data->data() + begin + row * parts.row;
    if (parts.code_bits == 0) {
      PackTrits(codes, parts.row_codes, bytes);
    } else if (parts.code_bits <= 8) {
      PackBits(codes, parts.row_codes, parts.code_bits, bytes);
    } else {
      PackWideBits(codes, tensor.high_codes.data() + row * parts.row_codes, parts.row_codes, parts.code_bits, bytes);
    }
  }
}

Result<QTensor> ReadLowBit(const Record& record, const Parts& parts, Span<const uint8_t> bytes) {
  QTensor tensor;
  tensor.shape = record.shape;
  tensor.values = EmptyValueSet(record);
  LOWBIT_RETURN_IF_ERROR(ReadTable(bytes.subspan(0, parts.table), &tensor.values));
  bytes = bytes.subspan(parts.table, bytes.size() - parts.table);
  tensor.scales = TakeNumbers<float>(parts.scales / sizeof(float), &bytes);
  tensor.codes.resize(parts.rows * parts.row_codes);
  if (parts.code_bits > 8) tensor.high_codes.resize(tensor.codes.size());
  for (uint64_t row = 0; row < parts.rows; ++row) {
    const uint8_t* stored = bytes.data() + row * parts.row;
    uint8_t* codes = tensor.codes.data() + row * parts.row_codes;
    const bool ok = parts.code_bits == 0   ? UnpackTrits(stored, parts.row_codes, codes)
                    : parts.code_bits <= 8 ? UnpackBits(stored, parts.row_codes, parts.code_bits, codes)
                                           : UnpackWideBits(stored, parts.row_codes, parts.code_bits, codes,
                                                            tensor.high_codes.data() + row * parts.row_codes);
    if (!ok) {
      return Invalid("row " + std::to_string(row) + " holds " +
                     (parts.code_bits == 0 ? "a byte that is not five (at the end fewer) ternary digits"
                                           : "padding bits that are not zero"));
    }
  }
  return tensor;
}

}  // namespace

Record RecordOf(const Parameter& parameter) {
  Record record;
  if (const QTensor* tensor = std::get_if<QTensor>(&parameter.value)) {
    record = LowBitRecord(*tensor);
  } else {
    record.kind = std::holds_alternative<FloatTensor>(parameter.value) ? Kind::kFloat32 : Kind::kInt64;
  }
  record.shape = parameter.shape();
  return record;
}

Result<Parts> PartsOf(const Record& record) {
  LOWBIT_RETURN_IF_ERROR(CheckFields(record));
  LOWBIT_TRY(const int64_t elements, CheckedElements(record.shape));
  Parts parts;
  if (IsRaw(record.kind)) {
    parts.rows = 1;
    parts.row_codes = static_cast<uint64_t>(elements);
    parts.row = parts.row_codes * (record.kind == Kind::kFloat32 ? sizeof(float) : sizeof(int64_t));
    return parts;
  }
  if (record.shape.empty() || elements == 0) return Invalid("low-bit weights need a dimension and an element");
  const int64_t columns = elements / record.shape[0];
  const int64_t block = record.kind == Kind::kCodebook ? record.block : 1;
  if (columns % block != 0) {
    return Invalid("block " + std::to_string(block) + " does not divide a row of " + std::to_string(columns));
  }
  parts.table = TableBytes(record);
  parts.rows = static_cast<uint64_t>(record.shape[0]);
  parts.scales = sizeof(float) * (record.row_scales ? parts.rows : 1);
  parts.row_codes = static_cast<uint64_t>(columns / block);
  parts.code_bits = CodeBits(record);
  parts.row = parts.code_bits == 0 ? TritRowBytes(parts.row_codes) : BitRowBytes(parts.row_codes, parts.code_bits);
  return parts;
}

void AppendParameter(const Parameter& parameter, std::vector<uint8_t>* data) {
  const auto append = [&](const auto& tensor) {
    if constexpr (std::is_same_v<std::decay_t<decltype(tensor)>, QTensor>) {
      AppendLowBit(tensor, PartsOf(RecordOf(parameter)).value(), data);
    } else {
      AppendNumbers(tensor.data, data);
    }
  };
  std::visit(append, parameter.value);
}

Result<Parameter> ReadParameter(const Record& record, const Parts& parts, Span<const uint8_t> bytes) {
  LOWBIT_CHECK(bytes.size() == parts.Total());
  Parameter parameter;
  if (record.kind == Kind::kFloat32) {
    parameter.value = FloatTensor(record.shape, TakeNumbers<float>(parts.row_codes, &bytes));
  } else if (record.kind == Kind::kInt64) {
    parameter.value = Int64Tensor(record.shape, TakeNumbers<int64_t>(parts.row_codes, &bytes));
  } else {
    LOWBIT_TRY(parameter.value, ReadLowBit(record, parts, bytes));
  }
  return parameter;
}

std::string ValuesName(const Record& record) {
  if (record.kind == Kind::kFloat32) return "float32";
  if (record.kind == Kind::kInt64) return "int64";
  return EmptyValueSet(record).Name();
}

std::string EncodingName(const Record& record, const Parts& parts) {
  if (IsRaw(record.kind)) return "raw";
  return parts.code_bits == 0 ? "trits" : std::to_string(parts.code_bits) + (parts.code_bits == 1 ? " bit" : " bits");
}

}  // namespace lowbit::lbm
