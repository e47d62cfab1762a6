#ifndef LOWBIT_FORMAT_LBM_PACK_TRITS_H_
#define LOWBIT_FORMAT_LBM_PACK_TRITS_H_

// Ternary codes on disk: five base-3 digits a byte, 1.6 bits a weight (the entropy of three equally likely values is
// 1.585). Byte i of a row holds codes 5i .. 5i + 4:
//
//   byte = c[0] + 3 * c[1] + 9 * c[2] + 27 * c[3] + 81 * c[4]        0 .. 242
//
// A row ends on a byte: where only k < 5 codes are left, the missing ones are 0, so that the byte is below 3^k.

#include <cstddef>
#include <cstdint>

namespace lowbit::lbm {

inline constexpr uint64_t kTritsPerByte = 5;

// Bytes of a row of `count` codes. REQUIRES: count <= 2^40
constexpr uint64_t TritRowBytes(uint64_t count) { return (count + kTritsPerByte - 1) / kTritsPerByte; }

// Writes TritRowBytes(count) bytes. REQUIRES: every code is 0, 1 or 2.
void PackTrits(const uint8_t* codes, uint64_t count, uint8_t* bytes);

// Reads TritRowBytes(count) bytes and writes `count` codes. False, and codes of no meaning, if a byte is none that
// PackTrits writes.
[[nodiscard]] bool UnpackTrits(const uint8_t* bytes, uint64_t count, uint8_t* codes);

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_PACK_TRITS_H_
