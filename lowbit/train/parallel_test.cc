#include "lowbit/train/parallel.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace lowbit::train {
namespace {

class Parallel : public testing::Test {
 protected:
  void SetUp() override { threads_ = at::get_num_threads(); }
  void TearDown() override { at::set_num_threads(threads_); }

 private:
  int threads_ = 1;
};

TEST_F(Parallel, PartsMakeUpTheWhole) {
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    for (const int64_t count : {0, 1, 2, 7, 100}) {
      for (const int64_t grain : {1, 3, 1000}) {
        std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
        std::atomic<int64_t> parts = 0;
        ParallelFor(count, grain, [&](int64_t begin, int64_t end) {
          ++parts;
          for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
        });
        for (const std::atomic<int>& times : seen) EXPECT_EQ(times, 1);
        EXPECT_LE(parts, std::min<int64_t>(threads, (count + grain - 1) / grain));
      }
    }
  }
}

TEST_F(Parallel, EachThreadHasAPart) {
  at::set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::set<std::pair<int64_t, int64_t>> parts;
  ParallelFor(10, 5, [&](int64_t begin, int64_t end) {
    const std::lock_guard<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
    parts.insert({begin, end});
  });
  EXPECT_EQ(parts, (std::set<std::pair<int64_t, int64_t>>{{0, 5}, {5, 10}}));
  EXPECT_EQ(threads.size(), 2);
}

TEST_F(Parallel, WhatWorkThrowsIsThrown) {
  at::set_num_threads(2);
  const auto fail = [](int64_t begin, int64_t) {
    if (begin > 0) throw std::runtime_error("the second part");
  };
  EXPECT_THROW(ParallelFor(10, 5, fail), std::runtime_error);
}

}  // namespace
}  // namespace lowbit::train
