#ifndef LOWBIT_ACCELERATOR_KERNEL_H_
#define LOWBIT_ACCELERATOR_KERNEL_H_

// The weights of a Conv or Gemm as integers.

#include <cstdint>
#include <vector>

#include "lowbit/accelerator/stretch.h"
#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::accelerator {

// [out channel][kernel height][kernel width][in channel]
struct Kernel {
  int64_t out = 0, height = 1, width = 1, in = 0;
  std::vector<int64_t> weights;

  int64_t& At(int64_t m, int64_t i, int64_t j, int64_t l) {
    return weights[static_cast<size_t>(((m * height + i) * width + j) * in + l)];
  }
  int64_t RowSize() const { return height * width * in; }
};

// Of a node that reads the tensor. A Gemm is a convolution whose kernel is the whole image. Errors: weights that are not low-bit, no
// integers, or of another size than the input's; a Conv with groups.
Result<Kernel> ReadKernel(const Graph& form, const Node& node, const CodedTensor& input);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_KERNEL_H_
