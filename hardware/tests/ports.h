#ifndef HARDWARE_TESTS_PORTS_H_
#define HARDWARE_TESTS_PORTS_H_

#include <verilated.h>

#include <cstddef>
#include <cstdint>

namespace lowbit::hardware {

// Ports of a verilated model: integers up to 64 bits, arrays of 32-bit words beyond. Fields have at most 32 bits.

template <typename Port>
void SetField(Port& port, size_t lowest, int bits, uint64_t value) {
  const uint64_t mask = ((uint64_t{1} << bits) - 1) << lowest;
  port = static_cast<Port>((port & ~mask) | ((value << lowest) & mask));
}

template <size_t kWords>
void SetField(VlWide<kWords>& port, size_t lowest, int bits, uint64_t value) {
  for (size_t i = 0; i < static_cast<size_t>(bits); ++i) {
    const size_t bit = lowest + i;
    const EData one = EData{1} << (bit % 32);
    port[bit / 32] = (value >> i & 1) != 0 ? port[bit / 32] | one : port[bit / 32] & ~one;
  }
}

template <typename Port>
uint64_t Field(const Port& port, size_t lowest, int bits) {
  return port >> lowest & ((uint64_t{1} << bits) - 1);
}

template <size_t kWords>
uint64_t Field(const VlWide<kWords>& port, size_t lowest, int bits) {
  uint64_t value = 0;
  for (size_t i = 0; i < static_cast<size_t>(bits); ++i) {
    value |= static_cast<uint64_t>(port[(lowest + i) / 32] >> ((lowest + i) % 32) & 1) << i;
  }
  return value;
}

}  // namespace lowbit::hardware

#endif  // HARDWARE_TESTS_PORTS_H_
