#ifndef LOWBIT_BASE_RANDOM_H_
#define LOWBIT_BASE_RANDOM_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace lowbit {

// Counter-based random numbers (Philox4x32-10; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// A number is a pure function of (seed, stream, substream, index): no state, hence the same on every thread count and
// after every resume. Use one stream for each purpose ("mask of layer conv1": StreamOf("mask/conv1")) and the
// substream for time (iteration, epoch).
class CounterRandom {
 public:
  CounterRandom(uint64_t seed, uint32_t stream, uint64_t substream = 0)
      : seed_(seed), stream_(stream), substream_(substream) {}

  // 32 uniformly distributed bits. index < 2^34.
  uint32_t Bits(uint64_t index) const { return Block(index >> 2)[index & 3]; }

  // Four consecutive numbers Bits(4 * block) ... Bits(4 * block + 3), at the cost of one. block < 2^32.
  // constexpr, so that CUDA's compiler takes it for GPUs too.
  constexpr std::array<uint32_t, 4> Block(uint64_t block) const;

  // Uniform on the open interval (0, 1): (Bits + 0.5) / 2^32. Never 0, never 1, so that its logarithm is finite.
  double Uniform(uint64_t index) const { return ToUniform(Bits(index)); }
  static double ToUniform(uint32_t bits) { return (bits + 0.5) * (1.0 / 4294967296.0); }

  // Uniform integer in [0, bound). 0 < bound <= 2^32. Multiply-shift: bias below bound / 2^32.
  uint64_t Below(uint64_t index, uint64_t bound) const { return (static_cast<uint64_t>(Bits(index)) * bound) >> 32; }

  // Standard normal by Box-Muller, from Uniform(2 * index) and Uniform(2 * index + 1).
  double Normal(uint64_t index) const;

 private:
  uint64_t seed_;
  uint32_t stream_;
  uint64_t substream_;
};

constexpr std::array<uint32_t, 4> CounterRandom::Block(uint64_t block) const {
  uint32_t c0 = static_cast<uint32_t>(block), c1 = stream_, c2 = static_cast<uint32_t>(substream_),
           c3 = static_cast<uint32_t>(substream_ >> 32);
  uint32_t key0 = static_cast<uint32_t>(seed_), key1 = static_cast<uint32_t>(seed_ >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * c0, p1 = uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ key0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ key1;
    c3 = static_cast<uint32_t>(p0);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return {c0, c1, c2, c3};
}

// The stream number of a purpose: FNV-1a of its name. The same on every machine.
uint32_t StreamOf(std::string_view name);

}  // namespace lowbit

#endif  // LOWBIT_BASE_RANDOM_H_
