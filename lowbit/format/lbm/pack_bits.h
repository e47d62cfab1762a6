#ifndef LOWBIT_FORMAT_LBM_PACK_BITS_H_
#define LOWBIT_FORMAT_LBM_PACK_BITS_H_

// Codes of 1 to 8 bits on disk, back to back: bit j of code k is bit (k * bits + j) of the row, where bit n of a row is
// bit n % 8 (of value 2^(n % 8)) of byte n / 8. A row ends on a byte; the bits left over are 0.

#include <cstdint>

namespace lowbit::lbm {

// Bytes of a row of `count` codes. REQUIRES: count <= 2^40, 1 <= bits <= 16
constexpr uint64_t BitRowBytes(uint64_t count, int bits) { return (count * static_cast<uint64_t>(bits) + 7) / 8; }

// Writes BitRowBytes(count, bits) bytes. REQUIRES: every code is below 2^bits.
void PackBits(const uint8_t* codes, uint64_t count, int bits, uint8_t* bytes);

// Reads BitRowBytes(count, bits) bytes and writes `count` codes. False if a left-over bit is not 0.
[[nodiscard]] bool UnpackBits(const uint8_t* bytes, uint64_t count, int bits, uint8_t* codes);

// The same for codes of 9 to 16 bits, whose low and high bytes lie apart.
void PackWideBits(const uint8_t* low, const uint8_t* high, uint64_t count, int bits, uint8_t* bytes);
[[nodiscard]] bool UnpackWideBits(const uint8_t* bytes, uint64_t count, int bits, uint8_t* low, uint8_t* high);

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_PACK_BITS_H_
