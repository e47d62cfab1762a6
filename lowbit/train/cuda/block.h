#ifndef LOWBIT_TRAIN_CUDA_BLOCK_H_
#define LOWBIT_TRAIN_CUDA_BLOCK_H_

// What kernels are written in: the threads of one block, working together. A kernel is a struct of its arguments with
//   int64_t Blocks() const;                            how many blocks it is for
//   template <typename Block> void operator()(Block& block) const;    what each thread of each block does
// and a Block has
//   int rank(), size()            this thread among those of the block; the size is a power of two
//   int64_t index(), count()      this block among all
//   double* scratch()             size() numbers that the threads share
//   void Sync()                   waits for all threads of the block
// launch.cu runs kernels on a GPU, test_block.h the very same ones on the CPU. Sums are added in an order that depends on
// the size of the block alone.

#include <cstdint>

#ifdef __CUDACC__
#define LOWBIT_DEVICE __device__
#else
#define LOWBIT_DEVICE
#endif

namespace lowbit::train::cuda {

inline constexpr int kThreads = 256;          // Of a block on a GPU.
inline constexpr int64_t kMostBlocks = 1024;  // Of a kernel over single values, whose threads take several each.

inline int64_t BlocksFor(int64_t values) {
  const int64_t blocks = (values + kThreads - 1) / kThreads;
  return blocks < 1 ? 1 : blocks < kMostBlocks ? blocks : kMostBlocks;
}

// function(i) for this thread's share of [0, count) among all threads of all blocks.
template <typename Block, typename Function>
LOWBIT_DEVICE void ForEach(const Block& block, int64_t count, const Function& function) {
  const int64_t first = block.index() * block.size() + block.rank(), threads = block.count() * block.size();
  for (int64_t i = first; i < count; i += threads) function(i);
}

// combine over the values of all threads of the block; every thread gets the result.
template <typename Block, typename Combine>
LOWBIT_DEVICE double Combined(Block& block, double value, const Combine& combine) {
  double* scratch = block.scratch();
  block.Sync();  // The result of an earlier call has been read.
  scratch[block.rank()] = value;
  block.Sync();
  for (int half = block.size() / 2; half > 0; half /= 2) {
    if (block.rank() < half) scratch[block.rank()] = combine(scratch[block.rank()], scratch[block.rank() + half]);
    block.Sync();
  }
  return scratch[0];
}

template <typename Block>
LOWBIT_DEVICE double Sum(Block& block, double value) {
  return Combined(block, value, [](double a, double b) { return a + b; });
}

// term(0) + ... + term(count - 1)
template <typename Block, typename Term>
LOWBIT_DEVICE double SumOf(Block& block, int64_t count, const Term& term) {
  double sum = 0;
  for (int64_t i = block.rank(); i < count; i += block.size()) sum += static_cast<double>(term(i));
  return Sum(block, sum);
}

// The largest of 0 and term(0), ..., term(count - 1); NaN if one of them is.
template <typename Block, typename Term>
LOWBIT_DEVICE double LargestOf(Block& block, int64_t count, const Term& term) {
  const auto larger = [](double a, double b) { return a > b || a != a ? a : b; };
  double largest = 0;
  for (int64_t i = block.rank(); i < count; i += block.size()) largest = larger(largest, static_cast<double>(term(i)));
  return Combined(block, largest, larger);
}

// result[k] = factor * the sum of row k of `sums`, [rows, count]; a block for each.
struct Total {
  const double* sums;
  int64_t count;
  double factor;
  float* result;
  int64_t rows = 1;

  int64_t Blocks() const { return rows; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const double* row = sums + block.index() * count;
    const double sum = SumOf(block, count, [row](int64_t i) { return row[i]; });
    if (block.rank() == 0) result[block.index()] = static_cast<float>(factor * sum);
  }
};

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_BLOCK_H_
