#ifndef LOWBIT_BASE_ARENA_H_
#define LOWBIT_BASE_ARENA_H_

#include <cstdint>
#include <vector>

namespace lowbit {

// A buffer that is needed from step `first` to step `last`, both included. Its size is in whatever the memory is counted in.
struct Lifetime {
  int64_t size = 0;
  int64_t first = 0, last = 0;
};

struct ArenaPlan {
  std::vector<int64_t> offsets;  // One for each buffer.
  int64_t size = 0;              // What all of them need together.
};

// Places the buffers in one block of memory so that no two that are alive at the same step overlap: the largest first,
// each at the lowest multiple of `alignment` where it fits. Cost: O(n^2).
ArenaPlan PlanArena(const std::vector<Lifetime>& buffers, int64_t alignment);

}  // namespace lowbit

#endif  // LOWBIT_BASE_ARENA_H_
