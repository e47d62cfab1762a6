#include "lowbit/format/lbm/pack_bits.h"

namespace lowbit::lbm {

void PackBits(const uint8_t* codes, uint64_t count, int bits, uint8_t* bytes) {
  uint32_t pending = 0;
  int pending_bits = 0;
  for (uint64_t i = 0; i < count; ++i) {
    pending |= static_cast<uint32_t>(codes[i]) << pending_bits;
    pending_bits += bits;
    if (pending_bits >= 8) {
      *bytes++ = static_cast<uint8_t>(pending);
      pending >>= 8;
      pending_bits -= 8;
    }
  }
  if (pending_bits > 0) *bytes = static_cast<uint8_t>(pending);
}

bool UnpackBits(const uint8_t* bytes, uint64_t count, int bits, uint8_t* codes) {
  const uint32_t mask = (1u << bits) - 1;
  uint32_t pending = 0;
  int pending_bits = 0;
  for (uint64_t i = 0; i < count; ++i) {
    if (pending_bits < bits) {
      pending |= static_cast<uint32_t>(*bytes++) << pending_bits;
      pending_bits += 8;
    }
    codes[i] = static_cast<uint8_t>(pending & mask);
    pending >>= bits;
    pending_bits -= bits;
  }
  return pending == 0;
}

}  // namespace lowbit::lbm
