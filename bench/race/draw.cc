#include "bench/race/draw.h"

#include <cmath>

#include "lowbit/base/random.h"

namespace lowbit::bench {

namespace {

Result<ValueSet> CodebookOf(bool large, const Shape& shape) {
  const int64_t taps = shape.size() == 4 ? shape[2] * shape[3] : 1, columns = Elements(shape) / shape[0];
  int64_t block = taps > 1 ? taps : 4;
  if (large && shape.size() == 4) block *= 2;
  if (columns % block != 0) return Invalid("weights of shape " + ToString(shape) + " have no such blocks");
  const int64_t count = shape.size() == 4 ? 256 : 1024;
  return ValueSet::Codebook(DrawIntegers("codebook" + ToString(shape), count * block, -127, 127),
                            static_cast<int>(block));
}

}  // namespace

Result<ValueSet> ValuesNamed(const std::string& name, const Shape& shape) {
  if (name == "codebook-small" || name == "codebook-large") return CodebookOf(name == "codebook-large", shape);
  const std::vector<ValueSet> known = {ValueSet::Binary(), ValueSet::Ternary(), ValueSet::Affine(2, 2),
                                       ValueSet::Affine(4, 8), ValueSet::Affine(8, 128)};
  for (const ValueSet& values : known) {
    if (values.Name() == name) return values;
  }
  return Invalid("no weights are called '" + name +
                 "'; known are binary, ternary, affine2, affine4, affine8, codebook-small and "
                 "codebook-large");
}

std::vector<float> DrawIntegers(const std::string& stream, int64_t count, int low, int high) {
  const CounterRandom random(1, StreamOf(stream));
  const auto bound = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(low + static_cast<int>(random.Below(i, bound)));
  }
  return values;
}

QTensor DrawCodes(const std::string& stream, const Shape& shape, const ValueSet& values) {
  const CounterRandom random(1, StreamOf(stream));
  QTensor tensor;
  tensor.shape = shape;
  tensor.values = values;
  const auto codes = static_cast<uint64_t>(Elements(shape) / values.block),
             count = static_cast<uint64_t>(values.Count());
  for (uint64_t i = 0; i < codes; ++i) tensor.AddCode(static_cast<int>(random.Below(i, count)));
  return tensor;
}

double Deviation(const ValueSet& values) {
  double squares = 0;
  for (const float value : values.table) squares += std::pow(value, 2);
  if (!values.table.empty()) return std::sqrt(squares / static_cast<double>(values.table.size()));
  for (int code = 0; code < values.Count(); ++code) squares += std::pow(values.Value(code), 2);
  return std::sqrt(squares / values.Count());
}

}  // namespace lowbit::bench
