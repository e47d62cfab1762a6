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

// The numbers that the set lists or counts.
std::vector<float> NumbersOf(const ValueSet& values) {
  if (!values.table.empty()) return values.table;
  std::vector<float> numbers;
  numbers.reserve(static_cast<size_t>(values.Count()));
  for (int code = 0; code < values.Count(); ++code) numbers.push_back(values.Value(code));
  return numbers;
}

std::optional<IntegerValues> InSteps(const ValueSet& values) {
  const float step = values.table_scales[0];
  const auto differs = [step](float other) { return other != step; };
  if (std::any_of(values.table_scales.begin(), values.table_scales.end(), differs)) return std::nullopt;
  const std::vector<int8_t> bytes = values.TableIntegers();
  return IntegerValues{{bytes.begin(), bytes.end()}, step > 0 ? step : 1.0};
}

}  // namespace

int32_t IntegerValues::Magnitude() const {
  int32_t magnitude = 0;
  for (const int32_t value : integers) magnitude = std::max(magnitude, std::abs(value));
  return magnitude;
}

std::optional<IntegerValues> AsIntegers(const ValueSet& values) {
  if (values.storage == ValueSet::Storage::kInt8) return InSteps(values);
  const std::vector<float> numbers = NumbersOf(values);
  int lowest = 0;
  bool any = false;
  for (const float number : numbers) {
    if (number == 0) continue;
    lowest = any ? std::min(lowest, LowestBit(number)) : LowestBit(number);
    any = true;
  }
  IntegerValues result;
  result.factor = std::ldexp(1.0, lowest);
  for (const float number : numbers) {
    const double integer = std::ldexp(static_cast<double>(number), -lowest);
    if (std::abs(integer) > kMaxIntegerWeight) return std::nullopt;
    result.integers.push_back(static_cast<int32_t>(integer));
  }
  return result;
}

}  // namespace lowbit
