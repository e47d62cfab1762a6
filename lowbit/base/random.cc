#include "lowbit/base/random.h"

#include <cmath>

namespace lowbit {
namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

}  // namespace

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
