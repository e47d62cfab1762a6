#ifndef LOWBIT_FORMAT_ONNX_TYPES_H_
#define LOWBIT_FORMAT_ONNX_TYPES_H_

// Element types that ONNX asks for where a Graph has numbers only.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/span.h"
#include "lowbit/core/element_type.h"

namespace lowbit::onnx {

// The type of an output that does not follow the inputs' types: bool of comparisons, int64 of positions.
std::optional<ElementType> GivenType(const std::string& op, size_t output);
// The type that ONNX wants of input i where it is no float: bool of conditions, int64 of positions and shapes.
ElementType TakenType(const std::string& op, size_t input);

// Integers of fewer than 8 bits: several in a byte, the first in its lowest bits.
struct SubByte {
  int bits = 4;  // 2 or 4.
  bool is_signed = true;
};
// ONNX's numbers of such types, which are no ElementType; nothing for other numbers.
std::optional<SubByte> SubByteOf(int64_t data_type);
int32_t DataTypeOf(const SubByte& type);
size_t BytesOf(const SubByte& type, int64_t elements);
// REQUIRES: the values are in the type's range
std::vector<uint8_t> Pack(const SubByte& type, const std::vector<int64_t>& values);
// REQUIRES: bytes.size() == BytesOf(type, elements)
std::vector<int64_t> Unpack(const SubByte& type, int64_t elements, Span<const uint8_t> bytes);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_TYPES_H_
