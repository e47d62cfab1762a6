#include "lowbit/base/arena.h"

#include <algorithm>
#include <numeric>

namespace lowbit {
namespace {

bool Meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

int64_t Aligned(int64_t size, int64_t alignment) { return (size + alignment - 1) / alignment * alignment; }

// The lowest offset for buffer `index` beside those of `placed` (ascending offsets) that live at the same time.
int64_t LowestGap(const std::vector<Lifetime>& buffers, const std::vector<size_t>& placed,
                  const std::vector<int64_t>& offsets, int64_t alignment, size_t index) {
  int64_t candidate = 0;
  for (const size_t other : placed) {
    if (!Meet(buffers[index], buffers[other])) continue;
    if (candidate + buffers[index].size <= offsets[other]) break;
    candidate = std::max(candidate, offsets[other] + Aligned(buffers[other].size, alignment));
  }
  return candidate;
}

}  // namespace

ArenaPlan PlanArena(const std::vector<Lifetime>& buffers, int64_t alignment) {
  ArenaPlan plan;
  plan.offsets.assign(buffers.size(), 0);
  std::vector<size_t> order(buffers.size()), placed;
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return buffers[a].size > buffers[b].size; });
  for (const size_t index : order) {
    const int64_t offset = LowestGap(buffers, placed, plan.offsets, alignment, index);
    plan.offsets[index] = offset;
    plan.size = std::max(plan.size, offset + Aligned(buffers[index].size, alignment));
    const auto at = std::find_if(placed.begin(), placed.end(), [&](size_t o) { return plan.offsets[o] > offset; });
    placed.insert(at, index);
  }
  return plan;
}

}  // namespace lowbit
