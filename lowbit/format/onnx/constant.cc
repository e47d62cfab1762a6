#include "lowbit/format/onnx/constant.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "lowbit/base/bytes.h"
#include "lowbit/base/file.h"
#include "lowbit/base/half.h"
#include "lowbit/format/onnx/external_data.h"
#include "lowbit/format/onnx/onnx.pb.h"
#include "lowbit/format/onnx/types.h"

namespace lowbit::onnx {
namespace {

int64_t ToInt64(double value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (std::isnan(value)) return 0;
  if (value >= kLimit) return std::numeric_limits<int64_t>::max();
  if (value < -kLimit) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

int64_t Saturate(uint64_t value) {
  return static_cast<int64_t>(std::min<uint64_t>(value, std::numeric_limits<int64_t>::max()));
}

// The upper half of a float32.
float FromBfloat16(uint16_t bits) {
  uint8_t bytes[4] = {};
  StoreLittle(bits, bytes + 2);
  return LoadLittle<float>(bytes);
}

template <typename Stored, typename Convert>
auto ReadRaw(Span<const uint8_t> bytes, Convert convert) {
  std::vector<decltype(convert(Stored()))> values(bytes.size() / sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) values[i] = convert(LoadLittle<Stored>(bytes.data() + i * sizeof(Stored)));
  return values;
}

template <typename Stored>
int64_t Integer(Stored value) {
  return static_cast<int64_t>(value);
}

std::vector<float> RawFloats(ElementType type, Span<const uint8_t> bytes) {
  switch (type) {
    case ElementType::kFloat64:
      return ReadRaw<double>(bytes, [](double v) { return static_cast<float>(v); });
    case ElementType::kFloat16:
      return ReadRaw<uint16_t>(bytes, FromHalf);
    case ElementType::kBfloat16:
      return ReadRaw<uint16_t>(bytes, FromBfloat16);
    default:
      return ReadRaw<float>(bytes, [](float v) { return v; });
  }
}

std::vector<int64_t> RawIntegers(ElementType type, Span<const uint8_t> bytes) {
  switch (type) {
    case ElementType::kInt8:
      return ReadRaw<int8_t>(bytes, Integer<int8_t>);
    case ElementType::kUint16:
      return ReadRaw<uint16_t>(bytes, Integer<uint16_t>);
    case ElementType::kInt16:
      return ReadRaw<int16_t>(bytes, Integer<int16_t>);
    case ElementType::kInt32:
      return ReadRaw<int32_t>(bytes, Integer<int32_t>);
    case ElementType::kUint32:
      return ReadRaw<uint32_t>(bytes, Integer<uint32_t>);
    case ElementType::kInt64:
      return ReadRaw<int64_t>(bytes, Integer<int64_t>);
    case ElementType::kUint64:
      return ReadRaw<uint64_t>(bytes, Saturate);
    case ElementType::kBool:
      return ReadRaw<uint8_t>(bytes, [](uint8_t v) { return int64_t{v != 0}; });
    default:
      return ReadRaw<uint8_t>(bytes, Integer<uint8_t>);
  }
}

// The lists that protobuf decodes.
std::vector<float> ListedFloats(ElementType type, const lowbit_onnx::Tensor& tensor) {
  if (type == ElementType::kFloat32) return {tensor.float_data().begin(), tensor.float_data().end()};
  if (type == ElementType::kFloat64) return {tensor.double_data().begin(), tensor.double_data().end()};
  std::vector<float> values;
  for (const int32_t bits : tensor.int32_data()) {
    const uint16_t low = static_cast<uint16_t>(bits);
    values.push_back(type == ElementType::kFloat16 ? FromHalf(low) : FromBfloat16(low));
  }
  return values;
}

std::vector<int64_t> ListedIntegers(ElementType type, const lowbit_onnx::Tensor& tensor) {
  if (type == ElementType::kInt64) return {tensor.int64_data().begin(), tensor.int64_data().end()};
  if (type != ElementType::kUint32 && type != ElementType::kUint64) {
    return {tensor.int32_data().begin(), tensor.int32_data().end()};
  }
  std::vector<int64_t> values;
  for (const uint64_t value : tensor.uint64_data()) values.push_back(Saturate(value));
  return values;
}

Span<const uint8_t> BytesIn(const std::string& raw) {
  return Span<const uint8_t>(reinterpret_cast<const uint8_t*>(raw.data()), raw.size());
}

Status CheckRawSize(ElementType type, const Shape& shape, size_t bytes) {
  const uint64_t expected = static_cast<uint64_t>(Elements(shape)) * static_cast<uint64_t>(BytesOf(type));
  if (bytes == expected) return Ok();
  return Invalid("has " + std::to_string(bytes) + " bytes of data; " + Name(type) + " " + ToString(shape) + " needs " +
                 std::to_string(expected));
}

template <typename T>
Result<ConstantPtr> Checked(ElementType type, const Shape& shape, std::vector<T> values) {
  if (values.size() != static_cast<size_t>(Elements(shape))) {
    return Invalid("has " + std::to_string(values.size()) + " values; shape " + ToString(shape) + " needs " +
                   std::to_string(Elements(shape)));
  }
  return ConstantPtr(std::make_shared<Constant>(Constant{type, Tensor<T>(shape, std::move(values)), nullptr, false}));
}

Result<ConstantPtr> FromBytes(ElementType type, const Shape& shape, Span<const uint8_t> bytes) {
  LOWBIT_RETURN_IF_ERROR(CheckRawSize(type, shape, bytes.size()));
  if (IsInteger(type)) return Checked(type, shape, RawIntegers(type, bytes));
  return Checked(type, shape, RawFloats(type, bytes));
}

// Integers of 2 and 4 bits become those of 8. Their list holds a byte in each number.
Result<ConstantPtr> ReadSubByte(const SubByte& type, const Shape& shape, const lowbit_onnx::Tensor& tensor,
                                const std::string& folder) {
  const ElementType wide = type.is_signed ? ElementType::kInt8 : ElementType::kUint8;
  const auto unpack = [&](Span<const uint8_t> bytes) -> Result<ConstantPtr> {
    const size_t expected = BytesOf(type, Elements(shape));
    if (bytes.size() == expected) return Checked(wide, shape, Unpack(type, Elements(shape), bytes));
    return Invalid("has " + std::to_string(bytes.size()) + " bytes of data; " + std::to_string(type.bits) +
                   "-bit integers " + ToString(shape) + " need " + std::to_string(expected));
  };
  if (tensor.data_location() == 1) {
    LOWBIT_TRY(const ExternalData data, ExternalData::Open(tensor, folder));
    return unpack(data.bytes());
  }
  if (tensor.has_raw_data()) return unpack(BytesIn(tensor.raw_data()));
  const std::vector<uint8_t> listed(tensor.int32_data().begin(), tensor.int32_data().end());
  return unpack(Span<const uint8_t>(listed));
}

}  // namespace

DoubleTensor Widen(const Constant& constant) {
  return std::visit(
      [](const auto& tensor) {
        return DoubleTensor(tensor.shape, std::vector<double>(tensor.data.begin(), tensor.data.end()));
      },
      constant.value);
}

FloatTensor ToFloats(const Constant& constant) {
  return std::visit(
      [](const auto& tensor) {
        return FloatTensor(tensor.shape, std::vector<float>(tensor.data.begin(), tensor.data.end()));
      },
      constant.value);
}

ConstantPtr Narrow(ElementType type, const DoubleTensor& values) {
  if (!IsInteger(type)) {
    FloatTensor floats(values.shape, std::vector<float>(values.data.begin(), values.data.end()));
    return std::make_shared<Constant>(Constant{type, std::move(floats), nullptr, false});
  }
  Int64Tensor integers(values.shape);
  std::transform(values.data.begin(), values.data.end(), integers.data.begin(), ToInt64);
  return std::make_shared<Constant>(Constant{type, std::move(integers), nullptr, false});
}

ConstantPtr MakeIntegers(std::vector<int64_t> values) {
  const Shape shape = {static_cast<int64_t>(values.size())};
  return std::make_shared<Constant>(
      Constant{ElementType::kInt64, Int64Tensor(shape, std::move(values)), nullptr, false});
}

bool SameValues(const Constant& a, const Constant& b) {
  if (a.type != b.type || a.shape() != b.shape() || a.value.index() != b.value.index()) return false;
  return std::visit(
      [&](const auto& tensor) { return tensor.data == std::get<std::decay_t<decltype(tensor)>>(b.value).data; },
      a.value);
}

ConstantPtr MakeScalar(double value) { return Narrow(ElementType::kFloat32, DoubleTensor({}, {value})); }

Result<ConstantPtr> ReadConstant(const lowbit_onnx::Tensor& tensor, const std::string& folder) {
  const std::optional<ElementType> type = ElementTypeOf(tensor.data_type());
  const std::optional<SubByte> sub_byte = SubByteOf(tensor.data_type());
  if (!type.has_value() && !sub_byte.has_value()) {
    return Invalid("data type " + std::to_string(tensor.data_type()) +
                   " is not among those that are read: float16 to float64, bfloat16, integers of 2 to 64 bits, bool");
  }
  const Shape shape(tensor.dims().begin(), tensor.dims().end());
  LOWBIT_RETURN_IF_ERROR(CheckedElements(shape));
  if (sub_byte.has_value()) return ReadSubByte(*sub_byte, shape, tensor, folder);
  if (tensor.data_location() == 1) {
    LOWBIT_TRY(const ExternalData data, ExternalData::Open(tensor, folder));
    return FromBytes(*type, shape, data.bytes());
  }
  if (tensor.has_raw_data()) return FromBytes(*type, shape, BytesIn(tensor.raw_data()));
  if (IsInteger(*type)) return Checked(*type, shape, ListedIntegers(*type, tensor));
  return Checked(*type, shape, ListedFloats(*type, tensor));
}

}  // namespace lowbit::onnx
