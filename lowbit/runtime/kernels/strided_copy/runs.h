#ifndef LOWBIT_RUNTIME_KERNELS_STRIDED_COPY_RUNS_H_
#define LOWBIT_RUNTIME_KERNELS_STRIDED_COPY_RUNS_H_

#include <cstdint>
#include <vector>

namespace lowbit::runtime {

// Elements that follow each other in the output: `count` of them, from `from`, from + step, ... of a source. from < 0: all are the
// value that fills gaps.
struct CopyRun {
  int32_t source = 0;
  int32_t from = 0, step = 1, count = 0;
  int64_t to = 0;  // Of the first, in the output.
};

// Where each element of an output comes from: position i of all sources, one behind the other, or -1.
// Cost: one pass. REQUIRES: the sources have fewer than 2^31 elements.
std::vector<CopyRun> FindRuns(const std::vector<int64_t>& positions, const std::vector<int64_t>& source_sizes);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_STRIDED_COPY_RUNS_H_
