#include <cstring>
#include <utility>

#include "lowbit/base/bytes.h"
#include "lowbit/base/suggest.h"
#include "lowbit/format/safetensors/safetensors.h"

namespace lowbit::safetensors {
namespace {

template <typename T>
constexpr Dtype kDtypeOf = Dtype::kF32;
template <>
constexpr Dtype kDtypeOf<uint8_t> = Dtype::kU8;
template <>
constexpr Dtype kDtypeOf<int32_t> = Dtype::kI32;
template <>
constexpr Dtype kDtypeOf<int64_t> = Dtype::kI64;
template <>
constexpr Dtype kDtypeOf<uint64_t> = Dtype::kU64;
template <>
constexpr Dtype kDtypeOf<double> = Dtype::kF64;

}  // namespace

template <typename T>
Tensor MakeTensor(Shape shape, Span<const T> values) {
  LOWBIT_CHECK(values.size() == static_cast<size_t>(Elements(shape)));
  Tensor tensor;
  tensor.dtype = kDtypeOf<T>;
  tensor.shape = std::move(shape);
  tensor.bytes.resize(values.size() * sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) StoreLittle(values[i], tensor.bytes.data() + i * sizeof(T));
  return tensor;
}

template <typename T>
Result<std::vector<T>> ToValues(const Tensor& tensor) {
  if (tensor.dtype != kDtypeOf<T>) {
    return Invalid(std::string("has dtype ") + Name(tensor.dtype) + "; expected " + Name(kDtypeOf<T>));
  }
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) values[i] = LoadLittle<T>(tensor.bytes.data() + i * sizeof(T));
  return values;
}

std::vector<float> ToFloats(const Tensor& tensor) {
  const size_t step = ElementBytes(tensor.dtype);
  std::vector<float> values(tensor.bytes.size() / step);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(LoadElement(tensor.dtype, tensor.bytes.data() + i * step));
  }
  return values;
}

Result<const Tensor*> Find(const File& file, const std::string& name) {
  const auto found = file.tensors.find(name);
  if (found != file.tensors.end()) return &found->second;
  std::vector<std::string> names;
  for (const auto& [known, tensor] : file.tensors) names.push_back(known);
  const std::string nearest = NearestName(name, names);
  return Invalid("has no tensor '" + name + "'" + (nearest.empty() ? "" : "; the nearest is '" + nearest + "'"));
}

template Tensor MakeTensor<uint8_t>(Shape, Span<const uint8_t>);
template Tensor MakeTensor<int32_t>(Shape, Span<const int32_t>);
template Tensor MakeTensor<int64_t>(Shape, Span<const int64_t>);
template Tensor MakeTensor<uint64_t>(Shape, Span<const uint64_t>);
template Tensor MakeTensor<float>(Shape, Span<const float>);
template Tensor MakeTensor<double>(Shape, Span<const double>);
template Result<std::vector<uint8_t>> ToValues<uint8_t>(const Tensor&);
template Result<std::vector<int32_t>> ToValues<int32_t>(const Tensor&);
template Result<std::vector<int64_t>> ToValues<int64_t>(const Tensor&);
template Result<std::vector<uint64_t>> ToValues<uint64_t>(const Tensor&);
template Result<std::vector<float>> ToValues<float>(const Tensor&);
template Result<std::vector<double>> ToValues<double>(const Tensor&);

}  // namespace lowbit::safetensors
