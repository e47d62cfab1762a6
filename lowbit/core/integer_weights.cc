#include "lowbit/core/integer_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace lowbit {
namespace {

// The exponent of the lowest bit that is set in a value: 0.75 is 3 * 2^-2. REQUIRES: value is not 0
int LowestBit(float value) {
  int exponent = 0;
  double fraction = std::frexp(std::abs(static_cast<double>(value)), &exponent);
  while (fraction != std::floor(fraction)) fraction *= 2, --exponent;
  return exponent;
}

}  // namespace

int32_t IntegerValues::Magnitude() const {
  int32_t magnitude = 0;
  for (const int32_t value : integers) magnitude = std::max(magnitude, std::abs(value));
  return magnitude;
}

std::optional<IntegerValues> AsIntegers(const ValueSet& values) {
  if (values.kind == ValueSet::Kind::kCodebook) return std::nullopt;
  int lowest = 0;
  bool any = false;
  for (int code = 0; code < values.Count(); ++code) {
    if (values.Value(code) == 0) continue;
    lowest = any ? std::min(lowest, LowestBit(values.Value(code))) : LowestBit(values.Value(code));
    any = true;
  }
  IntegerValues result;
  result.factor = std::ldexp(1.0, lowest);
  for (int code = 0; code < values.Count(); ++code) {
    const double integer = std::ldexp(static_cast<double>(values.Value(code)), -lowest);
    if (std::abs(integer) > kMaxIntegerWeight) return std::nullopt;
    result.integers.push_back(static_cast<int32_t>(integer));
  }
  return result;
}

}  // namespace lowbit
