#include "lowbit/core/element_type.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lowbit/base/check.h"

namespace lowbit {
namespace {

struct Description {
  ElementType type;
  const char* name;
  int bits;
  bool integer, is_signed;
};

constexpr Description kTypes[] = {
    {ElementType::kFloat32, "float32", 32, false, true},   {ElementType::kUint8, "uint8", 8, true, false},
    {ElementType::kInt8, "int8", 8, true, true},           {ElementType::kUint16, "uint16", 16, true, false},
    {ElementType::kInt16, "int16", 16, true, true},        {ElementType::kInt32, "int32", 32, true, true},
    {ElementType::kInt64, "int64", 64, true, true},        {ElementType::kBool, "bool", 8, true, false},
    {ElementType::kFloat16, "float16", 16, false, true},   {ElementType::kFloat64, "float64", 64, false, true},
    {ElementType::kUint32, "uint32", 32, true, false},     {ElementType::kUint64, "uint64", 64, true, false},
    {ElementType::kBfloat16, "bfloat16", 16, false, true},
};

const Description& Describe(ElementType type) {
  return *std::find_if(std::begin(kTypes), std::end(kTypes), [type](const Description& d) { return d.type == type; });
}

// The nearest number of `digits` binary digits with exponents from `lowest` on, below `limit`.
double RoundToDigits(double x, int digits, int lowest, double limit) {
  if (!std::isfinite(x) || x == 0) return x;
  const int exponent = std::max(std::ilogb(x), lowest) - digits + 1;
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(x, -exponent)), exponent);
  return std::abs(rounded) < limit ? rounded : std::copysign(std::numeric_limits<double>::infinity(), x);
}

double WrapToInteger(const Description& type, double x) {
  if (std::isnan(x)) return 0;
  const double whole = std::trunc(x), span = std::ldexp(1.0, type.bits);
  if (type.bits == 64) {
    const IntegerRange range = RangeOf(type.type);
    return std::clamp(whole, range.low, range.high);
  }
  if (std::isinf(whole)) return 0;
  const double wrapped = whole - span * std::floor(whole / span);
  return type.is_signed && wrapped >= span / 2 ? wrapped - span : wrapped;
}

}  // namespace

std::optional<ElementType> ElementTypeOf(int64_t number) {
  for (const Description& type : kTypes) {
    if (static_cast<int64_t>(type.type) == number) return type.type;
  }
  return std::nullopt;
}

std::string Name(ElementType type) { return Describe(type).name; }

int64_t BytesOf(ElementType type) { return Describe(type).bits / 8; }

bool IsInteger(ElementType type) { return Describe(type).integer; }

IntegerRange RangeOf(ElementType type) {
  const Description& description = Describe(type);
  LOWBIT_CHECK(description.integer);
  if (type == ElementType::kBool) return {0, 1};
  const double span = std::ldexp(1.0, description.bits);
  if (description.is_signed) return {-span / 2, span / 2 - 1};
  return {0, span - 1};
}

double ConvertTo(ElementType type, double x) {
  switch (type) {
    case ElementType::kFloat64:
      return x;
    case ElementType::kFloat32:
      return RoundToDigits(x, 24, -126, std::ldexp(1.0, 128));
    case ElementType::kFloat16:
      return RoundToDigits(x, 11, -14, std::ldexp(1.0, 16));
    case ElementType::kBfloat16:
      return RoundToDigits(x, 8, -126, std::ldexp(1.0, 128));
    case ElementType::kBool:
      return x != 0 ? 1 : 0;
    default:
      return WrapToInteger(Describe(type), x);
  }
}

}  // namespace lowbit
