#include "lowbit/format/safetensors/dtype.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "lowbit/base/bytes.h"
#include "lowbit/base/half.h"

namespace lowbit::safetensors {
namespace {

struct Row {
  const char* name;
  size_t bytes;
  double (*load)(const uint8_t*);
};

template <typename T>
double Load(const uint8_t* bytes) {
  return static_cast<double>(LoadLittle<T>(bytes));
}

double LoadBool(const uint8_t* bytes) { return *bytes != 0; }

double LoadHalf(const uint8_t* bytes) { return static_cast<double>(FromHalf(LoadLittle<uint16_t>(bytes))); }

// bfloat16: the upper half of a float.
double LoadBrainFloat(const uint8_t* bytes) {
  const uint32_t bits = static_cast<uint32_t>(LoadLittle<uint16_t>(bytes)) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// In the order of Dtype.
constexpr Row kRows[] = {
    {"BOOL", 1, LoadBool},     {"U8", 1, Load<uint8_t>}, {"I8", 1, Load<int8_t>},     {"U16", 2, Load<uint16_t>},
    {"I16", 2, Load<int16_t>}, {"F16", 2, LoadHalf},     {"BF16", 2, LoadBrainFloat}, {"U32", 4, Load<uint32_t>},
    {"I32", 4, Load<int32_t>}, {"F32", 4, Load<float>},  {"U64", 8, Load<uint64_t>},  {"I64", 8, Load<int64_t>},
    {"F64", 8, Load<double>},
};
constexpr size_t kRowCount = sizeof kRows / sizeof kRows[0];
static_assert(kRowCount == static_cast<size_t>(Dtype::kF64) + 1);

}  // namespace

const char* Name(Dtype dtype) { return kRows[static_cast<size_t>(dtype)].name; }

std::optional<Dtype> DtypeOf(const std::string& name) {
  for (size_t i = 0; i < kRowCount; ++i) {
    if (name == kRows[i].name) return static_cast<Dtype>(i);
  }
  return std::nullopt;
}

std::string DtypeNames() {
  std::string names;
  for (const Row& row : kRows) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

size_t ElementBytes(Dtype dtype) { return kRows[static_cast<size_t>(dtype)].bytes; }

double LoadElement(Dtype dtype, const uint8_t* bytes) { return kRows[static_cast<size_t>(dtype)].load(bytes); }

}  // namespace lowbit::safetensors
