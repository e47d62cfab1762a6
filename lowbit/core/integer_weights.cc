#include "lowbit/core/integer_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace lowbit {
namespace {

// The exponent of the lowest bit that is set in a value: 0.75 is 3 * 2^-2. REQUIRES: value is not 0
int LowestBit(float value) {
  int exponent = 0;
  double fraction = std::frexp(std::abs(static_cast<double>(value)), &exponent);
  while (fraction != std::floor(fraction)) fraction *= 2, --exponent;
  return exponent;
}

std::optional<IntegerValues> InSteps(const ValueSet& values) {
  const float step = values.table_scales[0];
  const auto differs = [step](float other) { return other != step; };
  if (std::any_of(values.table_scales.begin(), values.table_scales.end(), differs)) return std::nullopt;
  const std::vector<int8_t> bytes = values.TableIntegers();
  return IntegerValues{{bytes.begin(), bytes.end()}, step > 0 ? step : 1.0};
}

// For each row or column the sum of its magnitudes, at most `terms` of kMaxIntegerWeight each.
std::vector<int64_t> MagnitudeSums(const QTensor& tensor, const IntegerValues& values, bool rows_are_channels) {
  const auto columns = static_cast<size_t>(tensor.Columns()), block = static_cast<size_t>(tensor.values.block);
  std::vector<int64_t> sums(rows_are_channels ? static_cast<size_t>(tensor.Rows()) : columns, 0);
  for (size_t i = 0; i < static_cast<size_t>(tensor.Rows()) * columns; ++i) {
    const size_t code = static_cast<size_t>(tensor.Code(i / block));
    sums[rows_are_channels ? i / columns : i % columns] += std::abs(values.integers[code * block + i % block]);
  }
  return sums;
}

}  // namespace

std::vector<float> NumbersOf(const ValueSet& values) {
  if (!values.table.empty()) return values.table;
  std::vector<float> numbers;
  numbers.reserve(static_cast<size_t>(values.Count()));
  for (int code = 0; code < values.Count(); ++code) numbers.push_back(values.Value(code));
  return numbers;
}

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

bool SumsFit(const QTensor& tensor, const IntegerValues& values, bool rows_are_channels, int64_t magnitude) {
  const int64_t terms = rows_are_channels ? tensor.Columns() : tensor.Rows();
  const int64_t most = std::numeric_limits<int32_t>::max() / std::max<int64_t>(1, magnitude);
  if (terms <= most / std::max<int64_t>(1, values.Magnitude())) return true;
  const std::vector<int64_t> sums = MagnitudeSums(tensor, values, rows_are_channels);
  return std::all_of(sums.begin(), sums.end(), [most](int64_t sum) { return sum <= most; });
}

bool StateSumsFit(const QTensor& r, const IntegerValues& values, int64_t magnitude) {
  QTensor matrix = r;
  matrix.shape = {r.shape[0] * r.shape[1], r.shape[2]};
  matrix.scales = {1};
  return SumsFit(matrix, values, true, magnitude);
}

std::optional<QTensor> AsSingleIntegers(const QTensor& tensor) {
  const std::optional<IntegerValues> values = AsIntegers(tensor.values);
  if (!values.has_value()) return std::nullopt;
  for (const int32_t integer : values->integers) {
    if (integer < -128 || integer > 127) return std::nullopt;
  }
  QTensor single = {tensor.shape, ValueSet::Affine(8, 128), {}, tensor.scales};
  for (float& scale : single.scales) scale = static_cast<float>(scale * values->factor);
  const auto block = static_cast<size_t>(tensor.values.block);
  for (size_t i = 0; i < static_cast<size_t>(Elements(tensor.shape)); ++i) {
    const size_t at = static_cast<size_t>(tensor.Code(i / block)) * block + i % block;
    single.AddCode(values->integers[at] + 128);
  }
  return single;
}

}  // namespace lowbit
