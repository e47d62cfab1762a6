#include "lowbit/format/onnx/types.h"

#include <algorithm>
#include <set>

#include "lowbit/core/operator.h"

namespace lowbit::onnx {
namespace {

struct NumberedType {
  int64_t number;
  SubByte type;
};
constexpr NumberedType kSubBytes[] = {{21, {4, false}}, {22, {4, true}}, {25, {2, false}}, {26, {2, true}}};

bool IsOneOf(const std::string& op, const std::set<std::string>& names) { return names.count(op) != 0; }

}  // namespace

std::optional<ElementType> GivenType(const std::string& op, size_t output) {
  static const std::set<std::string> truths = {
      "And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Not", "Or", "Xor"};
  static const std::set<std::string> positions = {"ArgMax", "ArgMin", "Shape", "Size"};
  if (IsOneOf(op, truths)) return ElementType::kBool;
  if (IsOneOf(op, positions)) return ElementType::kInt64;
  if ((op == "TopK" || op == "MaxPool") && output == 1) return ElementType::kInt64;
  return std::nullopt;
}

ElementType TakenType(const std::string& op, size_t input) {
  static const std::set<std::string> of_truths = {"And", "Not", "Or", "Xor"};
  static const std::set<std::string> by_position = {"Gather", "GatherElements", "GatherND", "ScatterND",
                                                    "ScatterElements"};
  static const std::set<std::string> recurrent = {"GRU", "LSTM", "RNN"};
  if (IsOneOf(op, of_truths) || (op == "Where" && input == 0) || (op == "Dropout" && input == 2)) {
    return ElementType::kBool;
  }
  if (IsOneOf(op, recurrent) && input == 4) return ElementType::kInt32;
  if (IsOneOf(op, by_position) && input == 1) return ElementType::kInt64;
  const Operator* known = FindOperator(op);
  const bool integers =
      known != nullptr && std::count(known->integer_inputs.begin(), known->integer_inputs.end(), input);
  return integers ? ElementType::kInt64 : ElementType::kFloat32;
}

std::optional<SubByte> SubByteOf(int64_t data_type) {
  for (const NumberedType& known : kSubBytes) {
    if (known.number == data_type) return known.type;
  }
  return std::nullopt;
}

int32_t DataTypeOf(const SubByte& type) {
  for (const NumberedType& known : kSubBytes) {
    if (known.type.bits == type.bits && known.type.is_signed == type.is_signed) {
      return static_cast<int32_t>(known.number);
    }
  }
  LOWBIT_CHECK(false);
  return 0;
}

size_t BytesOf(const SubByte& type, int64_t elements) {
  const int64_t in_byte = 8 / type.bits;
  return static_cast<size_t>((elements + in_byte - 1) / in_byte);
}

std::vector<uint8_t> Pack(const SubByte& type, const std::vector<int64_t>& values) {
  const size_t in_byte = static_cast<size_t>(8 / type.bits);
  const int64_t mask = (1 << type.bits) - 1;
  std::vector<uint8_t> bytes(BytesOf(type, static_cast<int64_t>(values.size())));
  for (size_t i = 0; i < values.size(); ++i) {
    const int shift = static_cast<int>(i % in_byte) * type.bits;
    bytes[i / in_byte] = static_cast<uint8_t>(bytes[i / in_byte] | (values[i] & mask) << shift);
  }
  return bytes;
}

std::vector<int64_t> Unpack(const SubByte& type, int64_t elements, Span<const uint8_t> bytes) {
  const size_t in_byte = static_cast<size_t>(8 / type.bits);
  const int64_t count = 1 << type.bits;
  std::vector<int64_t> values(static_cast<size_t>(elements));
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t code = bytes[i / in_byte] >> (i % in_byte * static_cast<size_t>(type.bits)) & (count - 1);
    values[i] = type.is_signed && code >= count / 2 ? code - count : code;
  }
  return values;
}

}  // namespace lowbit::onnx
