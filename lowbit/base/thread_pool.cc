#include "lowbit/base/thread_pool.h"

#include <algorithm>

#include "lowbit/base/check.h"

namespace lowbit {
namespace {

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Looks some tens of microseconds long whether it is time; returns whether it is.
template <typename Condition>
bool SpinUntil(const Condition& condition) {
  constexpr int kLooks = 1500;
  for (int i = 0; i < kLooks; ++i) {
    if (condition()) return true;
    Pause();
  }
  return condition();
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  LOWBIT_CHECK(threads >= 1);
  for (int thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { Work(thread); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::ParallelFor(int64_t count, const std::function<void(int64_t, int)>& task) {
  if (workers_.empty() || count <= 1) {
    for (int64_t i = 0; i < count; ++i) task(i, 0);
    return;
  }
  bool wake;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    task_ = &task;
    next_ = 0;
    count_ = count;
    finished_ = 0;
    ++generation_;
    wake = sleepers_ > 0;
  }
  if (wake) start_.notify_all();
  RunTasks(0);
  const auto all_finished = [this, count] { return finished_ == count; };
  if (SpinUntil(all_finished)) return;
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, all_finished);
}

void ThreadPool::AwaitLoop(uint64_t seen) {
  const auto due = [&] { return stop_ || generation_ != seen; };
  if (SpinUntil(due)) return;
  std::unique_lock<std::mutex> lock(mutex_);
  ++sleepers_;
  start_.wait(lock, due);
  --sleepers_;
}

void ThreadPool::Work(int thread) {
  for (uint64_t seen = 0; !stop_;) {
    AwaitLoop(seen);
    seen = generation_;
    RunTasks(thread);
  }
}

// Whoever takes an iteration finishes it before the loop ends: a thread that comes late finds none left.
void ThreadPool::RunTasks(int thread) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (next_ < count_) {
    const int64_t i = next_++, count = count_;
    const auto* task = task_;
    lock.unlock();
    (*task)(i, thread);
    lock.lock();
    if (++finished_ == count) done_.notify_all();
  }
}

int HardwareThreads() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace lowbit
