#ifndef LOWBIT_TRAIN_PARALLEL_H_
#define LOWBIT_TRAIN_PARALLEL_H_

#include <cstdint>
#include <functional>

namespace lowbit::train {

// work(begin, end) for parts that make up [0, count), at the same time on libtorch's threads: as many parts as there are threads,
// or fewer, so that each is at least `grain`, the last apart. What work throws is thrown. REQUIRES: grain > 0
//
// Not at::parallel_for: that is a template, which works in the calling thread alone wherever it is compiled without OpenMP, and
// with it on the threads of this compiler's OpenMP, which need not be libtorch's.
void ParallelFor(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& work);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_PARALLEL_H_
