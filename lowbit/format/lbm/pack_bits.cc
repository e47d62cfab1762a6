#include "lowbit/format/lbm/pack_bits.h"

namespace lowbit::lbm {
namespace {

// code(i): the i-th code.
template <typename CodeFunction>
void Pack(const CodeFunction& code, uint64_t count, int bits, uint8_t* bytes) {
  uint32_t pending = 0;
  int pending_bits = 0;
  for (uint64_t i = 0; i < count; ++i) {
    pending |= static_cast<uint32_t>(code(i)) << pending_bits;
    for (pending_bits += bits; pending_bits >= 8; pending_bits -= 8, pending >>= 8) {
      *bytes++ = static_cast<uint8_t>(pending);
    }
  }
  if (pending_bits > 0) *bytes = static_cast<uint8_t>(pending);
}

// store(i, code) takes the i-th code.
template <typename StoreFunction>
bool Unpack(const uint8_t* bytes, uint64_t count, int bits, const StoreFunction& store) {
  const uint32_t mask = (1u << bits) - 1;
  uint32_t pending = 0;
  int pending_bits = 0;
  for (uint64_t i = 0; i < count; ++i) {
    for (; pending_bits < bits; pending_bits += 8) pending |= static_cast<uint32_t>(*bytes++) << pending_bits;
    store(i, pending & mask);
    pending >>= bits;
    pending_bits -= bits;
  }
  return pending == 0;
}

}  // namespace

void PackBits(const uint8_t* codes, uint64_t count, int bits, uint8_t* bytes) {
  Pack([codes](uint64_t i) { return codes[i]; }, count, bits, bytes);
}

bool UnpackBits(const uint8_t* bytes, uint64_t count, int bits, uint8_t* codes) {
  return Unpack(bytes, count, bits, [codes](uint64_t i, uint32_t code) { codes[i] = static_cast<uint8_t>(code); });
}

void PackWideBits(const uint8_t* low, const uint8_t* high, uint64_t count, int bits, uint8_t* bytes) {
  Pack([=](uint64_t i) { return low[i] | high[i] << 8; }, count, bits, bytes);
}

bool UnpackWideBits(const uint8_t* bytes, uint64_t count, int bits, uint8_t* low, uint8_t* high) {
  return Unpack(bytes, count, bits, [=](uint64_t i, uint32_t code) {
    low[i] = static_cast<uint8_t>(code);
    high[i] = static_cast<uint8_t>(code >> 8);
  });
}

}  // namespace lowbit::lbm
