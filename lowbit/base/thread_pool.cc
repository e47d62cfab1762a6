#include "lowbit/base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "lowbit/base/check.h"

namespace lowbit {
namespace {

using Task = std::function<void(int64_t i, int thread)>;

constexpr size_t kCacheLine = 64;

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

// The iterations of one thread. Others may take of them too.
class alignas(kCacheLine) Share {
 public:
  // Iterations begin .. end - 1. REQUIRES: none is left of the loop before
  void Fill(int64_t begin, int64_t end) {
    end_ = end;
    left_ = end - begin;
  }

  bool Empty() const { return left_ == 0; }

  // Takes the next one; false if none is left. Whoever has taken one may read what was written before Fill until it has
  // reported it as finished: by then the loop has not ended.
  bool Take(int64_t* i) {
    int64_t left = left_.load(std::memory_order_relaxed);
    while (left > 0) {
      if (!left_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel)) continue;
      *i = end_ - left;
      return true;
    }
    return false;
  }

 private:
  std::atomic<int64_t> left_{0};
  int64_t end_ = 0;
};

}  // namespace

// Sleepers count themselves before they look for the last time, and what they wait for is written before they are looked for:
// in the one order of all these, either the sleeper sees what it waits for, or it is seen and woken.
class ThreadPool::Crew {
 public:
  explicit Crew(int threads) : shares_(static_cast<size_t>(threads)) {
    for (int thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { Work(thread); });
  }

  ~Crew() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    start_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  void Rouse() {
    if (sleepers_ == 0) return;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++roused_;
    }
    start_.notify_all();
  }

  void Run(int64_t count, const Task& task) {
    task_ = &task;
    count_ = count;
    finished_.store(0, std::memory_order_relaxed);
    FillShares();
    if (sleepers_ > 0) {
      { std::lock_guard<std::mutex> lock(mutex_); }  // Who looked in vain before waits by now.
      start_.notify_all();
    }
    RunTasks(0);
    const auto all_finished = [this, count] { return finished_ == count; };
    if (SpinUntil(all_finished)) return;
    std::unique_lock<std::mutex> lock(mutex_);
    caller_sleeps_ = true;
    done_.wait(lock, all_finished);
    caller_sleeps_ = false;
  }

 private:
  // Equal ones, up to one iteration.
  void FillShares() {
    const int64_t threads = static_cast<int64_t>(shares_.size()), each = count_ / threads, more = count_ % threads;
    int64_t begin = 0;
    for (int64_t t = 0; t < threads; ++t) {
      const int64_t end = begin + each + (t < more ? 1 : 0);
      shares_[static_cast<size_t>(t)].Fill(begin, end);
      begin = end;
    }
  }

  void AwaitLoop(const Share& own) {
    const auto due = [&] { return !own.Empty() || stop_; };
    if (SpinUntil(due)) return;
    std::unique_lock<std::mutex> lock(mutex_);
    ++sleepers_;
    const uint32_t roused = roused_;
    start_.wait(lock, [&] { return due() || roused_ != roused; });
    --sleepers_;
  }

  void Work(int thread) {
    while (!stop_) {
      AwaitLoop(shares_[static_cast<size_t>(thread)]);
      RunTasks(thread);
    }
  }

  // Of its own share, then of those that follow it.
  bool Take(int thread, int64_t* i) {
    const size_t threads = shares_.size(), own = static_cast<size_t>(thread);
    for (size_t k = 0; k < threads; ++k) {
      if (shares_[(own + k) % threads].Take(i)) return true;
    }
    return false;
  }

  // A thread that comes late finds no iteration left, or one of a later loop, which is as good.
  void RunTasks(int thread) {
    for (int64_t i; Take(thread, &i);) {
      const int64_t count = count_;
      (*task_)(i, thread);
      if (++finished_ == count && caller_sleeps_) {
        { std::lock_guard<std::mutex> lock(mutex_); }
        done_.notify_all();
      }
    }
  }

  // Written by the caller, between loops; see Share::Take.
  int64_t count_ = 0;
  const Task* task_ = nullptr;
  std::vector<Share> shares_;  // By thread.
  alignas(kCacheLine) std::atomic<int64_t> finished_{0};
  alignas(kCacheLine) std::atomic<int> sleepers_{0};  // Workers; this and what follows is changed under mutex_.
  std::atomic<uint32_t> roused_{0};                   // So many times.
  std::atomic<bool> caller_sleeps_{false}, stop_{false};
  std::mutex mutex_;
  std::condition_variable start_, done_;
  std::vector<std::thread> workers_;  // The last to be made: they use all of the above.
};

ThreadPool::ThreadPool(int threads) : threads_(threads) {
  LOWBIT_CHECK(threads >= 1);
  if (threads > 1) crew_ = std::make_unique<Crew>(threads);
}

ThreadPool::~ThreadPool() = default;

void ThreadPool::Rouse() {
  if (crew_ != nullptr) crew_->Rouse();
}

void ThreadPool::ParallelFor(int64_t count, const Task& task) {
  if (crew_ != nullptr && count > 1) return crew_->Run(count, task);
  for (int64_t i = 0; i < count; ++i) task(i, 0);
}

int HardwareThreads() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace lowbit
