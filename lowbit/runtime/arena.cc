#include "lowbit/runtime/arena.h"

#include <algorithm>
#include <numeric>

namespace lowbit::runtime {
namespace {

bool Meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

int64_t Aligned(int64_t floats) { return (floats + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment; }

// The lowest offset for buffer `index` beside those of `placed` (ascending offsets) that live at the same time.
int64_t LowestGap(const std::vector<Lifetime>& buffers, const std::vector<size_t>& placed,
                  const std::vector<int64_t>& offsets, size_t index) {
  int64_t candidate = 0;
  for (const size_t other : placed) {
    if (!Meet(buffers[index], buffers[other])) continue;
    if (candidate + buffers[index].floats <= offsets[other]) break;
    candidate = std::max(candidate, offsets[other] + Aligned(buffers[other].floats));
  }
  return candidate;
}

}  // namespace

ArenaPlan PlanArena(const std::vector<Lifetime>& buffers) {
  ArenaPlan plan;
  plan.offsets.assign(buffers.size(), 0);
  std::vector<size_t> order(buffers.size()), placed;
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return buffers[a].floats > buffers[b].floats; });
  for (const size_t index : order) {
    const int64_t offset = LowestGap(buffers, placed, plan.offsets, index);
    plan.offsets[index] = offset;
    plan.floats = std::max(plan.floats, offset + Aligned(buffers[index].floats));
    const auto at = std::find_if(placed.begin(), placed.end(), [&](size_t o) { return plan.offsets[o] > offset; });
    placed.insert(at, index);
  }
  return plan;
}

}  // namespace lowbit::runtime
