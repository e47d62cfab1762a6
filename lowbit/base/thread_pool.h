#ifndef LOWBIT_BASE_THREAD_POOL_H_
#define LOWBIT_BASE_THREAD_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lowbit {

// A fixed set of threads that run the iterations of one loop at a time.
//
// Where loops follow each other within some microseconds, as the layers of a network do, waking threads would cost more than
// short loops take: between loops a thread looks out for the next one for a while (some tens of microseconds) before it
// sleeps. A loop does not wait for threads that have not woken.
//
// One caller at a time; ParallelFor may not be called from inside a task.
class ThreadPool {
 public:
  // `threads` counts the calling thread: 1 starts none. REQUIRES: threads >= 1
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls task(i, thread) once for each i in [0, count), in any order, on any thread (0 <= thread < threads(), for
  // scratch memory); returns when all calls have returned. Tasks may not throw.
  void ParallelFor(int64_t count, const std::function<void(int64_t i, int thread)>& task);

 private:
  void Work(int thread);
  void AwaitLoop(uint64_t seen);
  void RunTasks(int thread);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  const std::function<void(int64_t, int)>* task_ = nullptr;
  int64_t next_ = 0, count_ = 0;  // Guarded by mutex_, like task_.
  int sleepers_ = 0;              // Guarded by mutex_.
  // Changed under mutex_, and looked at without it by who waits.
  std::atomic<int64_t> finished_{0};
  std::atomic<uint64_t> generation_{0};
  std::atomic<bool> stop_{false};
};

// What the machine offers, at least 1.
int HardwareThreads();

}  // namespace lowbit

#endif  // LOWBIT_BASE_THREAD_POOL_H_
