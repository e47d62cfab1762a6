#include "lowbit/data/random_square.h"

#include <array>

#include "lowbit/base/random.h"

namespace lowbit::data {

RandomSquare DrawSquare(int64_t size, int64_t height, int64_t width, int64_t index, uint64_t seed, uint64_t epoch,
                        const PairChanges& changes) {
  const auto below = [](uint32_t random, int64_t bound) {
    return static_cast<int64_t>((static_cast<uint64_t>(random) * static_cast<uint64_t>(bound)) >> 32);
  };
  const CounterRandom random(seed, StreamOf("patch"), epoch);
  const std::array<uint32_t, 4> bits = random.Block(static_cast<uint64_t>(index));
  RandomSquare square;
  square.size = size;
  square.top = below(bits[0], height - size + 1);
  square.left = below(bits[1], width - size + 1);
  square.flip = changes.flip && below(bits[2], 2) == 1;
  square.quarters = changes.rotate ? static_cast<int>(below(bits[3], 4)) : 0;
  return square;
}

}  // namespace lowbit::data
