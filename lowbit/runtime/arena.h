#ifndef LOWBIT_RUNTIME_ARENA_H_
#define LOWBIT_RUNTIME_ARENA_H_

#include <cstdint>
#include <vector>

namespace lowbit::runtime {

// A buffer that is needed from step `first` to step `last`, both included.
struct Lifetime {
  int64_t floats = 0;
  int64_t first = 0, last = 0;
};

// Every offset is a multiple of this many floats (64 bytes).
inline constexpr int64_t kArenaAlignment = 16;

struct ArenaPlan {
  std::vector<int64_t> offsets;  // In floats, one for each buffer.
  int64_t floats = 0;            // What all of them need together.
};

// Places the buffers in one block of memory so that no two that are alive at the same step overlap: the largest first,
// each at the lowest offset where it fits. Cost: O(n^2).
ArenaPlan PlanArena(const std::vector<Lifetime>& buffers);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_ARENA_H_
