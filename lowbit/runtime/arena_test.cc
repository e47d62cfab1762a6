#include "lowbit/runtime/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "lowbit/runtime/testing/random_values.h"

namespace lowbit::runtime {
namespace {

TEST(Arena, ReusesTheMemoryOfWhatIsNoLongerNeeded) {
  // A chain: each value lives while the next is made. Two places are enough.
  const ArenaPlan plan = PlanArena({{100, 0, 1}, {100, 1, 2}, {100, 2, 3}, {100, 3, 4}});
  EXPECT_EQ(plan.floats, 2 * 112);
  EXPECT_EQ(plan.offsets[0], plan.offsets[2]);
  EXPECT_EQ(plan.offsets[1], plan.offsets[3]);
}

TEST(Arena, FillsAGapBetweenLargerBuffers) {
  const ArenaPlan plan = PlanArena({{64, 0, 9}, {48, 0, 1}, {32, 0, 9}, {40, 5, 6}});
  EXPECT_EQ(plan.floats, 64 + 48 + 32);
  EXPECT_EQ(plan.offsets[3], 64);
}

TEST(Arena, OfNothingIsEmpty) {
  EXPECT_EQ(PlanArena({}).floats, 0);
  EXPECT_EQ(PlanArena({{0, 0, 1}}).floats, 0);
}

TEST(Arena, NeverLetsLivingBuffersOverlap) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    testing::RandomSource random(seed);
    std::vector<Lifetime> buffers;
    int64_t sum = 0;
    for (int i = 0; i < 40; ++i) {
      const int64_t first = random.Int(0, 20);
      buffers.push_back({random.Int(0, 100), first, first + random.Int(0, 6)});
      sum += buffers.back().floats + kArenaAlignment;
    }
    const ArenaPlan plan = PlanArena(buffers);
    EXPECT_LE(plan.floats, sum);
    for (size_t a = 0; a < buffers.size(); ++a) {
      EXPECT_EQ(plan.offsets[a] % kArenaAlignment, 0);
      EXPECT_LE(plan.offsets[a] + buffers[a].floats, plan.floats);
      for (size_t b = 0; b < a; ++b) {
        if (buffers[a].first > buffers[b].last || buffers[b].first > buffers[a].last) continue;
        const bool apart = plan.offsets[a] + buffers[a].floats <= plan.offsets[b] ||
                           plan.offsets[b] + buffers[b].floats <= plan.offsets[a];
        EXPECT_TRUE(apart) << a << " and " << b;
      }
    }
  }
}

}  // namespace
}  // namespace lowbit::runtime
