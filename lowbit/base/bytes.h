#ifndef LOWBIT_BASE_BYTES_H_
#define LOWBIT_BASE_BYTES_H_

// Numbers in files: little-endian, at any alignment, on any machine.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace lowbit {

// The unsigned integer as wide as T (an integer, float or double).
template <typename T>
using BitsOf = std::conditional_t<
    sizeof(T) == 1, uint8_t,
    std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;

// The number in the sizeof(T) bytes at `bytes`.
template <typename T>
T LoadLittle(const uint8_t* bytes) {
  BitsOf<T> bits = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    bits = static_cast<BitsOf<T>>(bits | static_cast<BitsOf<T>>(bytes[i]) << (8 * i));
  }
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

// Writes sizeof(T) bytes at `bytes`.
template <typename T>
void StoreLittle(T value, uint8_t* bytes) {
  BitsOf<T> bits;
  std::memcpy(&bits, &value, sizeof(T));
  for (size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<uint8_t>(bits >> (8 * i));
}

template <typename T>
void AppendLittle(T value, std::vector<uint8_t>* bytes) {
  bytes->resize(bytes->size() + sizeof(T));
  StoreLittle(value, bytes->data() + bytes->size() - sizeof(T));
}

}  // namespace lowbit

#endif  // LOWBIT_BASE_BYTES_H_
