#ifndef LOWBIT_FORMAT_C_SOURCE_ELEMENT_H_
#define LOWBIT_FORMAT_C_SOURCE_ELEMENT_H_

#include <cstdint>
#include <string>

namespace lowbit::c_source {

// What a number is in the generated program.
enum class Element : uint8_t { kU8, kI8, kI16, kI32, kF32 };

struct Range {
  int64_t low = 0, high = 0;
  bool operator==(const Range& other) const { return low == other.low && high == other.high; }
};

// The smallest that has all integers of the range. REQUIRES: they fit into 32 bits
inline Element ElementFor(const Range& range) {
  if (range.low >= 0 && range.high <= 255) return Element::kU8;
  if (range.low >= -128 && range.high <= 127) return Element::kI8;
  if (range.low >= -32768 && range.high <= 32767) return Element::kI16;
  return Element::kI32;
}

inline int64_t BytesOf(Element element) {
  if (element == Element::kU8 || element == Element::kI8) return 1;
  return element == Element::kI16 ? 2 : 4;
}

// "uint8_t"
inline std::string TypeOf(Element element) {
  static const char* const names[] = {"uint8_t", "int8_t", "int16_t", "int32_t", "float"};
  return names[static_cast<int>(element)];
}

// "u8", for names of functions.
inline std::string SuffixOf(Element element) {
  static const char* const names[] = {"u8", "i8", "i16", "i32", "f32"};
  return names[static_cast<int>(element)];
}

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_ELEMENT_H_
