#ifndef BENCH_RACE_STOPWATCH_H_
#define BENCH_RACE_STOPWATCH_H_

#include <chrono>

namespace lowbit::bench {

template <typename Work>
double SecondsOf(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace lowbit::bench

#endif  // BENCH_RACE_STOPWATCH_H_
