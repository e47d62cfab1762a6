#ifndef LOWBIT_RUNTIME_LINES_H_
#define LOWBIT_RUNTIME_LINES_H_

// Values as operators see them that compute along some dimensions: lines of elements, each by itself.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lowbit/base/thread_pool.h"
#include "lowbit/core/shape.h"

namespace lowbit::runtime {

// Element k of line i is at starts[i] + offsets[k] of a value, as the runtime stores it.
struct Lines {
  std::vector<int64_t> starts;
  std::vector<int64_t> offsets;  // In row-major order of the line's dimensions.

  int64_t Count() const { return static_cast<int64_t>(starts.size()); }
  int64_t Length() const { return static_cast<int64_t>(offsets.size()); }
  // Whether a line's elements lie side by side.
  bool Contiguous() const { return offsets.back() == Length() - 1; }
  // Lines that are best walked through together: neighbours lie side by side where lines do not.
  int64_t GroupSize() const { return Contiguous() ? 1 : 64; }
};

// The lines along the dimensions `axes` (ascending) of a value of that shape; they are counted in the order in which the
// value lies in memory. REQUIRES: no extent is 0
Lines MakeLines(const Shape& shape, const std::vector<size_t>& axes);

// The same, counted along the dimensions `kept`, outermost first, which are the others.
Lines MakeLines(const Shape& shape, const std::vector<size_t>& axes, const std::vector<size_t>& kept);

// Calls work(image, first line, lines, thread) for groups of lines of `images` values.
template <typename Work>
void ForLineGroups(ThreadPool* pool, const Lines& lines, int64_t images, const Work& work) {
  constexpr int64_t kTaskElements = 1 << 13;
  const int64_t wanted = (kTaskElements + lines.Length() - 1) / lines.Length(), group = lines.GroupSize();
  const int64_t of_task = (wanted + group - 1) / group * group, tasks = (lines.Count() + of_task - 1) / of_task;
  pool->ParallelFor(tasks * images, [&](int64_t i, int thread) {
    const int64_t end = std::min(lines.Count(), (i % tasks + 1) * of_task);
    for (int64_t first = i % tasks * of_task; first < end; first += group) {
      work(i / tasks, first, std::min(group, end - first), thread);
    }
  });
}

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_LINES_H_
