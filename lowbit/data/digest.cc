#include "lowbit/data/digest.h"

#include <array>
#include <cstring>

namespace lowbit::data {
namespace {

constexpr size_t kBlock = 64;

using State = std::array<uint32_t, 5>;

uint32_t RotateLeft(uint32_t value, int bits) { return (value << bits) | (value >> (32 - bits)); }

uint32_t BigEndian(const uint8_t* p) {
  return (uint32_t{p[0]} << 24) | (uint32_t{p[1]} << 16) | (uint32_t{p[2]} << 8) | uint32_t{p[3]};
}

// The function f and the constant K of RFC 3174, section 5, for the step's quarter.
template <int kQuarter>
uint32_t Mix(const State& s) {
  if constexpr (kQuarter == 0) return ((s[1] & s[2]) | (~s[1] & s[3])) + 0x5A827999u;
  if constexpr (kQuarter == 1) return (s[1] ^ s[2] ^ s[3]) + 0x6ED9EBA1u;
  if constexpr (kQuarter == 2) return ((s[1] & s[2]) | (s[1] & s[3]) | (s[2] & s[3])) + 0x8F1BBCDCu;
  return (s[1] ^ s[2] ^ s[3]) + 0xCA62C1D6u;
}

template <int kQuarter>
void TwentySteps(const std::array<uint32_t, 80>& words, State* state) {
  State& s = *state;
  for (int t = 20 * kQuarter; t < 20 * (kQuarter + 1); ++t) {
    const uint32_t next = RotateLeft(s[0], 5) + Mix<kQuarter>(s) + s[4] + words[t];
    s = {next, s[0], RotateLeft(s[1], 30), s[2], s[3]};
  }
}

void AddBlock(const uint8_t* block, State* state) {
  std::array<uint32_t, 80> words;
  for (int t = 0; t < 16; ++t) words[t] = BigEndian(block + 4 * t);
  for (int t = 16; t < 80; ++t) {
    words[t] = RotateLeft(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1);
  }
  State s = *state;
  TwentySteps<0>(words, &s);
  TwentySteps<1>(words, &s);
  TwentySteps<2>(words, &s);
  TwentySteps<3>(words, &s);
  for (size_t i = 0; i < s.size(); ++i) (*state)[i] += s[i];
}

// The last partial block, a bit 1, zeros, and the length in bits.
void AddEnd(const uint8_t* rest, size_t size, uint64_t total, State* state) {
  std::array<uint8_t, 2 * kBlock> tail = {};
  if (size > 0) std::memcpy(tail.data(), rest, size);
  tail[size] = 0x80;
  const size_t end = size + 9 <= kBlock ? kBlock : 2 * kBlock;
  for (int i = 0; i < 8; ++i) tail[end - 1 - i] = static_cast<uint8_t>((total * 8) >> (8 * i));
  for (size_t i = 0; i < end; i += kBlock) AddBlock(tail.data() + i, state);
}

}  // namespace

std::string Sha1Hex(Span<const uint8_t> bytes) {
  State state = {0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u, 0xC3D2E1F0u};
  const size_t whole = bytes.size() / kBlock * kBlock;
  for (size_t i = 0; i < whole; i += kBlock) AddBlock(bytes.data() + i, &state);
  AddEnd(bytes.data() + whole, bytes.size() - whole, bytes.size(), &state);
  std::string hex;
  for (const uint32_t word : state) {
    for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(word >> shift) & 15];
  }
  return hex;
}

}  // namespace lowbit::data
