#ifndef LOWBIT_BASE_THREAD_POOL_H_
#define LOWBIT_BASE_THREAD_POOL_H_

#include <cstdint>
#include <functional>
#include <memory>

namespace lowbit {

// A fixed set of threads that run the iterations of one loop at a time.
//
// Where loops follow each other within some microseconds, as the layers of a network do, waking threads would cost more than
// short loops take: between loops a thread looks out for the next one for a while (some tens of microseconds) before it
// sleeps. A loop does not wait for threads that have not woken, and takes no lock unless somebody sleeps.
//
// Thread t takes the t-th part of the iterations first, then what is left of the others': loops over the same data thus find
// most of it where it was written, in their processor's cache.
//
// One caller at a time; ParallelFor may not be called from inside a task.
class ThreadPool {
 public:
  // `threads` counts the calling thread: 1 starts none. REQUIRES: threads >= 1
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const { return threads_; }

  // Wakes threads that sleep, so that they are there when the next loop begins, if that is within some tens of microseconds.
  void Rouse();

  // Calls task(i, thread) once for each i in [0, count), in any order, on any thread (0 <= thread < threads(), for
  // scratch memory); returns when all calls have returned. Tasks may not throw.
  void ParallelFor(int64_t count, const std::function<void(int64_t i, int thread)>& task);

 private:
  class Crew;  // The threads and what they share.

  int threads_;
  std::unique_ptr<Crew> crew_;  // None for one thread.
};

// What the machine offers, at least 1.
int HardwareThreads();

}  // namespace lowbit

#endif  // LOWBIT_BASE_THREAD_POOL_H_
