#include "bench/race/draw.h"

#include <cmath>

#include "lowbit/base/random.h"

namespace lowbit::bench {

Result<ValueSet> ValuesNamed(const std::string& name) {
  const std::vector<ValueSet> known = {ValueSet::Binary(), ValueSet::Ternary(), ValueSet::Affine(2, 2),
                                       ValueSet::Affine(4, 8), ValueSet::Affine(8, 128)};
  for (const ValueSet& values : known) {
    if (values.Name() == name) return values;
  }
  return Invalid("no weights are called '" + name + "'; known are binary, ternary, affine2, affine4 and affine8");
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
  tensor.codes.resize(static_cast<size_t>(Elements(shape)));
  const auto count = static_cast<uint64_t>(values.Count());
  for (size_t i = 0; i < tensor.codes.size(); ++i) tensor.codes[i] = static_cast<uint8_t>(random.Below(i, count));
  return tensor;
}

double Deviation(const ValueSet& values) {
  double squares = 0;
  for (int code = 0; code < values.Count(); ++code) squares += std::pow(values.Value(code), 2);
  return std::sqrt(squares / values.Count());
}

}  // namespace lowbit::bench
