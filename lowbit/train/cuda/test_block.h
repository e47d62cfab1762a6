#ifndef LOWBIT_TRAIN_CUDA_TEST_BLOCK_H_
#define LOWBIT_TRAIN_CUDA_TEST_BLOCK_H_

// Runs kernels (block.h) on the CPU: real threads, which wait for each other as a GPU's do.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace lowbit::train::cuda {

// std::barrier, for compilers that read C++17.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    const int64_t round = round_;
    if (++waiting_ == threads_) {
      waiting_ = 0;
      ++round_;
      all_here_.notify_all();
    } else {
      all_here_.wait(lock, [&] { return round_ != round; });
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  const int threads_;
  int waiting_ = 0;
  int64_t round_ = 0;
};

class CpuBlock {
 public:
  CpuBlock(int rank, int64_t count, Barrier* barrier, std::vector<double>* scratch)
      : rank_(rank), count_(count), barrier_(barrier), scratch_(scratch) {}
  int rank() const { return rank_; }
  int size() const { return static_cast<int>(scratch_->size()); }
  int64_t index() const { return index_; }
  int64_t count() const { return count_; }
  double* scratch() const { return scratch_->data(); }
  void Sync() const { barrier_->Wait(); }
  void MoveTo(int64_t index) { index_ = index; }

 private:
  int rank_;
  int64_t index_ = 0, count_;
  Barrier* barrier_;
  std::vector<double>* scratch_;
};

// Block after block, each of that many threads.
template <typename Kernel>
void RunOnCpu(const Kernel& kernel, int threads) {
  Barrier barrier(threads);
  std::vector<double> scratch(static_cast<size_t>(threads));
  const auto run = [&](int rank) {
    CpuBlock block(rank, kernel.Blocks(), &barrier, &scratch);
    for (int64_t i = 0; i < kernel.Blocks(); ++i) {
      block.MoveTo(i);
      kernel(block);
      barrier.Wait();
    }
  };
  std::vector<std::thread> others;
  for (int rank = 1; rank < threads; ++rank) others.emplace_back(run, rank);
  run(0);
  for (std::thread& thread : others) thread.join();
}

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_TEST_BLOCK_H_
