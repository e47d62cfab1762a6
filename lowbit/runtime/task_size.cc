#include "lowbit/runtime/task_size.h"

#include <algorithm>

namespace lowbit::runtime {
namespace {

// What handing out a task costs, and a loop that others join, in multiplications: some hundred nanoseconds, during which bytes
// are multiplied fastest.
constexpr int64_t kTaskCost = 30000;
// The last task may be late by this part of itself: another program had its processor.
constexpr int64_t kLate = 16;
constexpr int64_t kMostRounds = 3;

int64_t Pieces(int64_t total, int64_t size) { return (total + size - 1) / size; }

// Of the thread that has most to do.
int64_t LongestShare(const LayerWork& work, const TaskSize& size, int64_t threads) {
  const int64_t tasks = work.parts * Pieces(work.units, size.units) * Pieces(work.panels, size.panels);
  const int64_t task =
      size.units * (work.unit * size.panels / work.panels + work.unit_again) + work.task_again + kTaskCost;
  return Pieces(tasks, threads) * task + task / kLate + (tasks > 1 ? kTaskCost : 0);
}

// About `tasks` tasks of so many panels.
TaskSize EvenSize(const LayerWork& work, int64_t tasks, int64_t panels) {
  const int64_t wanted = Pieces(tasks, work.parts * Pieces(work.panels, panels));
  const int64_t even = Pieces(work.units, std::max(wanted, Pieces(work.units, work.most_units)));
  return {std::min(Pieces(even, work.step) * work.step, work.most_units), panels};
}

}  // namespace

TaskSize ChooseTaskSize(const LayerWork& work, int64_t threads) {
  TaskSize best = {std::max<int64_t>(1, std::min(work.most_units, work.units)), work.panels};
  if (threads == 1 || work.units == 0) return best;
  int64_t least = LongestShare(work, best, threads);
  const int64_t most_blocks = std::min(threads, work.panels);
  for (int64_t blocks = 1;; blocks = std::min(2 * blocks, most_blocks)) {
    for (int64_t round = 1; round <= kMostRounds; ++round) {
      const TaskSize size = EvenSize(work, round * threads, Pieces(work.panels, blocks));
      const int64_t share = LongestShare(work, size, threads);
      if (share < least) least = share, best = size;
    }
    if (blocks == most_blocks) return best;
  }
}

int64_t EvenTask(int64_t total, int64_t least, int64_t most, int64_t threads) {
  const int64_t busy = std::clamp<int64_t>(total / least, 1, threads);
  return Pieces(total, Pieces(total, most * busy) * busy);
}

}  // namespace lowbit::runtime
