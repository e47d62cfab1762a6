#include "lowbit/format/onnx/low_bit.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/core/integer_weights.h"
#include "lowbit/core/ops_common/axis.h"

namespace lowbit::onnx {
namespace {

constexpr double kMaxCodes = 256;

// A table of the values themselves; nothing if there are too many for one.
std::optional<ValueSet> TableFor(const DoubleTensor& integers) {
  std::vector<float> values(integers.data.begin(), integers.data.end());
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (static_cast<double>(values.size()) > kMaxCodes) return std::nullopt;
  return ValueSet::Table(std::move(values));
}

// The smallest set that holds these integers; nothing if codes of 8 bits do not.
std::optional<ValueSet> SetFor(const DoubleTensor& integers) {
  double low = 0, high = 0;
  bool any_zero = false;
  for (const double value : integers.data) {
    low = std::min(low, value), high = std::max(high, value);
    any_zero = any_zero || value == 0;
  }
  if (!(high - low < kMaxCodes)) return TableFor(integers);
  if (low >= -1 && high <= 1) return any_zero ? ValueSet::Ternary() : ValueSet::Binary();
  for (int bits = 2; bits <= 8; ++bits) {
    const double middle = 1 << (bits - 1);
    if (low >= -middle && high < middle) return ValueSet::Affine(bits, 1 << (bits - 1));
    if (high - low < 2 * middle) return ValueSet::Affine(bits, static_cast<int>(-low));
  }
  return std::nullopt;
}

uint8_t CodeOf(const ValueSet& set, double value) {
  if (set.kind == ValueSet::Kind::kBinary) return value > 0 ? 1 : 0;
  if (set.kind == ValueSet::Kind::kTable) {
    const auto place = std::lower_bound(set.table.begin(), set.table.end(), static_cast<float>(value));
    return static_cast<uint8_t>(place - set.table.begin());
  }
  const int zero = set.kind == ValueSet::Kind::kTernary ? 1 : set.zero_point;
  return static_cast<uint8_t>(static_cast<int>(value) + zero);
}

template <typename T>
std::vector<T> TransposedData(const std::vector<T>& data, int64_t rows, int64_t columns) {
  std::vector<T> result(data.size());
  for (int64_t i = 0; i < rows * columns; ++i) {
    result[static_cast<size_t>(i % columns * rows + i / columns)] = data[static_cast<size_t>(i)];
  }
  return result;
}

// REQUIRES: rows by the first dimension
std::optional<QTensor> PackRows(const DoubleTensor& integers, std::vector<float> scales) {
  const std::optional<ValueSet> set = SetFor(integers);
  if (!set.has_value()) return std::nullopt;
  QTensor tensor = {integers.shape, *set, {}, std::move(scales)};
  for (const double value : integers.data) tensor.codes.push_back(CodeOf(*set, value));
  if (!Validate(tensor).ok()) return std::nullopt;
  return tensor;
}

// The one dimension along which a scale that broadcasts to `shape` varies; -1: none, -2: no such one.
int64_t AxisOf(const Shape& scale, const Shape& shape) {
  if (scale.size() > shape.size()) return -2;
  const size_t missing = shape.size() - scale.size();
  int64_t axis = -1;
  for (size_t i = 0; i < scale.size(); ++i) {
    if (scale[i] == 1) continue;
    if (axis != -1 || scale[i] != shape[i + missing]) return -2;
    axis = static_cast<int64_t>(i + missing);
  }
  return axis;
}

// Without the dimensions along which nothing changes: these have the extent 1.
DoubleTensor WithoutRepeats(DoubleTensor x) {
  for (size_t axis = 0; axis < x.shape.size(); ++axis) {
    const ops::AxisSplit split = ops::SplitAt(x.shape, axis);
    DoubleTensor first(x.shape);
    first.shape[axis] = 1;
    first.data.clear();
    bool repeats = true;
    for (int64_t i = 0; i < split.outer && repeats; ++i) {
      const auto begin = x.data.begin() + i * split.extent * split.inner;
      for (int64_t k = 1; k < split.extent; ++k) {
        repeats = repeats && std::equal(begin, begin + split.inner, begin + k * split.inner);
      }
      first.data.insert(first.data.end(), begin, begin + split.inner);
    }
    if (repeats) x = std::move(first);
  }
  return x;
}

ConstantPtr Wrap(QTensor tensor, bool transposed) {
  FloatTensor floats = Dequantize(tensor);
  if (transposed) {
    floats.data = TransposedData(floats.data, floats.shape[0], floats.shape[1]);
    std::swap(floats.shape[0], floats.shape[1]);
  }
  Constant constant = {ElementType::kFloat32, std::move(floats), nullptr, transposed};
  constant.low_bit = std::make_shared<QTensor>(std::move(tensor));
  return std::make_shared<Constant>(std::move(constant));
}

}  // namespace

ConstantPtr MakeLowBit(const DoubleTensor& integers, const DoubleTensor& factor) {
  const Shape& shape = integers.shape;
  if (shape.empty() || integers.data.empty() || factor.data.empty()) return nullptr;
  const DoubleTensor scale = WithoutRepeats(factor);
  const bool whole = std::all_of(integers.data.begin(), integers.data.end(),
                                 [](double v) { return std::abs(v) <= kMaxIntegerWeight && v == std::floor(v); });
  const int64_t axis = AxisOf(scale.shape, shape);
  const bool transposed = axis == 1 && shape.size() == 2;
  if (!whole || (axis > 0 && !transposed) || axis < -1) return nullptr;
  DoubleTensor rows = integers;
  if (transposed) rows = DoubleTensor({shape[1], shape[0]}, TransposedData(integers.data, shape[0], shape[1]));
  std::optional<QTensor> tensor = PackRows(rows, {scale.data.begin(), scale.data.end()});
  if (!tensor.has_value()) return nullptr;
  return Wrap(std::move(*tensor), transposed);
}

ConstantPtr TransposeLowBit(const Constant& constant) { return Wrap(*constant.low_bit, !constant.low_bit_transposed); }

bool HasRows(const Constant& constant, bool transposed) {
  if (constant.low_bit == nullptr) return false;
  const bool turns = constant.low_bit_transposed != transposed;
  return !turns || (constant.low_bit->scales.size() == 1 && constant.low_bit->shape.size() == 2);
}

QTensor RowsOf(const Constant& constant, bool transposed) {
  QTensor tensor = *constant.low_bit;
  if (constant.low_bit_transposed == transposed) return tensor;
  tensor.codes = TransposedData(tensor.codes, tensor.shape[0], tensor.shape[1]);
  std::swap(tensor.shape[0], tensor.shape[1]);
  return tensor;
}

ConstantPtr MakeRows(const Constant& constant, bool transposed) { return Wrap(RowsOf(constant, transposed), false); }

}  // namespace lowbit::onnx
