#include "lowbit/base/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "lowbit/base/random.h"

namespace lowbit {
namespace {

TEST(Arena, ReusesTheMemoryOfWhatIsNoLongerNeeded) {
  // A chain: each value lives while the next is made. Two places are enough.
  const ArenaPlan plan = PlanArena({{100, 0, 1}, {100, 1, 2}, {100, 2, 3}, {100, 3, 4}}, 16);
  EXPECT_EQ(plan.size, 2 * 112);
  EXPECT_EQ(plan.offsets[0], plan.offsets[2]);
  EXPECT_EQ(plan.offsets[1], plan.offsets[3]);
}

TEST(Arena, FillsAGapBetweenLargerBuffers) {
  const ArenaPlan plan = PlanArena({{64, 0, 9}, {48, 0, 1}, {32, 0, 9}, {40, 5, 6}}, 16);
  EXPECT_EQ(plan.size, 64 + 48 + 32);
  EXPECT_EQ(plan.offsets[3], 64);
}

TEST(Arena, OfNothingIsEmpty) {
  EXPECT_EQ(PlanArena({}, 16).size, 0);
  EXPECT_EQ(PlanArena({{0, 0, 1}}, 16).size, 0);
}

TEST(Arena, NeverLetsLivingBuffersOverlap) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const CounterRandom random(seed, StreamOf("arena test"));
    const int64_t alignment = seed % 2 == 0 ? 16 : 1;
    std::vector<Lifetime> buffers;
    int64_t sum = 0;
    for (uint64_t i = 0; i < 120; i += 3) {
      const auto below = [&](uint64_t n, uint64_t limit) { return static_cast<int64_t>(random.Below(i + n, limit)); };
      const int64_t first = below(0, 21);
      buffers.push_back({below(1, 101), first, first + below(2, 7)});
      sum += buffers.back().size + alignment;
    }
    const ArenaPlan plan = PlanArena(buffers, alignment);
    EXPECT_LE(plan.size, sum);
    for (size_t a = 0; a < buffers.size(); ++a) {
      EXPECT_EQ(plan.offsets[a] % alignment, 0);
      EXPECT_LE(plan.offsets[a] + buffers[a].size, plan.size);
      for (size_t b = 0; b < a; ++b) {
        if (buffers[a].first > buffers[b].last || buffers[b].first > buffers[a].last) continue;
        const bool apart = plan.offsets[a] + buffers[a].size <= plan.offsets[b] ||
                           plan.offsets[b] + buffers[b].size <= plan.offsets[a];
        EXPECT_TRUE(apart) << a << " and " << b;
      }
    }
  }
}

}  // namespace
}  // namespace lowbit
