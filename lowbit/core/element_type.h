#ifndef LOWBIT_CORE_ELEMENT_TYPE_H_
#define LOWBIT_CORE_ELEMENT_TYPE_H_

// ONNX's element types. A Graph computes with numbers and has none: they matter where a file is read, and to Cast, which
// keeps what a narrower type would have kept.

#include <cstdint>
#include <optional>
#include <string>

namespace lowbit {

// With ONNX's numbers. Strings, complex numbers and types of 8 bits or fewer that are no integers are left out.
enum class ElementType : uint8_t {
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16,
};

// The type of that number in ONNX, or nothing.
std::optional<ElementType> ElementTypeOf(int64_t number);

// "float32", "int64", "bool"
std::string Name(ElementType type);

// Bytes of an element where it is stored; 1 for kBool.
int64_t BytesOf(ElementType type);

// Integers and kBool, which counts as an unsigned one.
bool IsInteger(ElementType type);

// The smallest and the largest value of an integer type; as doubles, so those of 64 bits are rounded.
struct IntegerRange {
  double low = 0, high = 0;
};
// REQUIRES: IsInteger(type)
IntegerRange RangeOf(ElementType type);

// What remains of x in that type. Floats: the nearest value, halves to even. Integers: the fraction is dropped, then the
// upper bits are; beyond 64 bits the nearest end of the range, 0 for NaN. kBool: 0 or 1.
double ConvertTo(ElementType type, double x);

}  // namespace lowbit

#endif  // LOWBIT_CORE_ELEMENT_TYPE_H_
