#include "lowbit/base/random.h"

#include <cmath>

namespace lowbit {
namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

struct HighLow {
  uint32_t high, low;
};

HighLow Multiply(uint32_t a, uint32_t b) {
  const uint64_t product = static_cast<uint64_t>(a) * b;
  return {static_cast<uint32_t>(product >> 32), static_cast<uint32_t>(product)};
}

}  // namespace

std::array<uint32_t, 4> CounterRandom::Block(uint64_t block) const {
  std::array<uint32_t, 4> counter = {static_cast<uint32_t>(block), stream_, static_cast<uint32_t>(substream_),
                                     static_cast<uint32_t>(substream_ >> 32)};
  uint32_t key0 = static_cast<uint32_t>(seed_);
  uint32_t key1 = static_cast<uint32_t>(seed_ >> 32);
  for (int round = 0; round < 10; ++round) {
    const HighLow p0 = Multiply(0xD2511F53u, counter[0]);
    const HighLow p1 = Multiply(0xCD9E8D57u, counter[2]);
    counter = {p1.high ^ counter[1] ^ key0, p1.low, p0.high ^ counter[3] ^ key1, p0.low};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

double CounterRandom::Normal(uint64_t index) const {
  // Both numbers lie in one block, and the block is the cost.
  const std::array<uint32_t, 4> block = Block(index >> 1);
  const size_t first = 2 * (index & 1);
  return std::sqrt(-2.0 * std::log(ToUniform(block[first]))) * std::cos(kTwoPi * ToUniform(block[first + 1]));
}

uint32_t StreamOf(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace lowbit
