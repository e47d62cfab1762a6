#include "lowbit/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <vector>

namespace lowbit {
namespace {

class ThreadPoolTest : public ::testing::TestWithParam<int> {};

TEST_P(ThreadPoolTest, RunsEachIterationOnce) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.threads(), GetParam());
  for (const int64_t count : {0, 1, 2, 3, 100, 1000}) {
    std::vector<std::atomic<int>> calls(static_cast<size_t>(count));
    pool.ParallelFor(count, [&](int64_t i, int) { ++calls[static_cast<size_t>(i)]; });
    for (const auto& c : calls) EXPECT_EQ(c, 1);
  }
}

TEST_P(ThreadPoolTest, NoTwoTasksShareAThreadNumberAtATime) {
  ThreadPool pool(GetParam());
  std::vector<std::atomic<int>> busy(static_cast<size_t>(GetParam()));
  std::atomic<bool> shared{false};
  pool.ParallelFor(500, [&](int64_t, int thread) {
    if (busy.at(static_cast<size_t>(thread)).fetch_add(1) != 0) shared = true;
    busy[static_cast<size_t>(thread)].fetch_sub(1);
  });
  EXPECT_FALSE(shared);
}

// Many short loops in a row: a worker that sleeps through one, or sees it twice, would hang or miscount.
TEST_P(ThreadPoolTest, LoopsFollowEachOther) {
  ThreadPool pool(GetParam());
  int64_t total = 0;  // Written by the caller only, between loops.
  for (int loop = 0; loop < 2000; ++loop) {
    std::vector<int64_t> results(5);
    pool.ParallelFor(5, [&](int64_t i, int) { results[static_cast<size_t>(i)] = i + loop; });
    total += std::accumulate(results.begin(), results.end(), int64_t{0});
  }
  EXPECT_EQ(total, 2000 * 10 + 5 * (1999 * 2000 / 2));
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolTest, ::testing::Values(1, 2, 5));

TEST(HardwareThreads, IsAtLeastOne) { EXPECT_GE(HardwareThreads(), 1); }

}  // namespace
}  // namespace lowbit
