#ifndef LOWBIT_RUNTIME_TASK_SIZE_H_
#define LOWBIT_RUNTIME_TASK_SIZE_H_

// How the work of a layer is cut into tasks for threads.

#include <cstdint>

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

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_TASK_SIZE_H_
