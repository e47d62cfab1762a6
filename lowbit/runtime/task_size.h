#ifndef LOWBIT_RUNTIME_TASK_SIZE_H_
#define LOWBIT_RUNTIME_TASK_SIZE_H_

// How the work of a layer is cut into tasks for threads.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lowbit::runtime {

// Work that can be cut along units (rows or pixels) of each of its parts (images), and along panels of channels.
struct LayerWork {
  int64_t parts = 1, units = 1, panels = 1;
  int64_t most_units = 1;  // Of a task.
  int64_t step = 1;        // Units of a task are best a multiple of this.
  // In multiplications, or what takes as long: a unit with all panels; each unit of a task, and each task, whatever its panels.
  int64_t unit = 0, unit_again = 0, task_again = 0;
};

struct TaskSize {
  int64_t units = 1, panels = 1;  // Of a task; the last ones have what is left.
};

// The size at which `threads` threads, each of which takes the next task when it has done one, are done first: few tasks
// cost little, many are shared evenly, and so that one that is late holds up the others less. Cost: some hundred operations.
TaskSize ChooseTaskSize(const LayerWork& work, int64_t threads);

// For loops over simple elements: the largest size of tasks, at most `most`, of which each thread gets as many; but fewer
// threads where that would be less than `least`. REQUIRES: total, least and most are at least 1
int64_t EvenTask(int64_t total, int64_t least, int64_t most, int64_t threads);

// For runs of elements in the order of where they begin, `start(r)`: the first run of each task, and behind the last one the number
// of runs. A task ends with the run that reaches `size` elements.
template <typename Start>
std::vector<size_t> FirstRunsOfTasks(size_t runs, int64_t size, const Start& start) {
  std::vector<size_t> firsts;
  int64_t end = 0;
  for (size_t r = 0; r < runs; ++r) {
    if (start(r) < end) continue;
    firsts.push_back(r);
    end = start(r) + size;
  }
  firsts.push_back(runs);
  return firsts;
}

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_TASK_SIZE_H_
