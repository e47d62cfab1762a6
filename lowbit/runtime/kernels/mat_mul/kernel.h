#ifndef LOWBIT_RUNTIME_KERNELS_MAT_MUL_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_MAT_MUL_KERNEL_H_

#include <cstdint>

namespace lowbit::runtime {

// A matrix in memory: element (i, j) at data[i * row + j * column].
template <typename T>
struct StridedMatrix {
  T* data = nullptr;
  int64_t row = 0, column = 1;

  T& At(int64_t i, int64_t j) const { return data[i * row + j * column]; }
};

struct MatMulTask {
  StridedMatrix<const float> a, b, c;  // [rows, inner], [inner, columns], [rows, columns]; c may be left out.
  StridedMatrix<float> y;              // [rows, columns]
  double alpha = 1, beta = 1;
  int64_t rows = 0, inner = 0, columns = 0;
  float* scratch = nullptr;  // ScratchFloats(inner) of the kernel, 64-byte aligned.
};

// y = alpha a b + beta c. Each element is one sum over the inner dimension in order, with fused multiply-adds where the processor has
// them: off by at most gamma(inner + 5) (|alpha| sum |a| |b| + |beta c|), alpha and beta rounded to float.
struct MatMulKernel {
  int64_t target = 0;
  int lanes = 0;
  void (*run)(const MatMulTask& task) = nullptr;
  // MultiplyInDoubles, with the same bits.
  void (*run_in_doubles)(const MatMulTask& task) = nullptr;

  // A tile of four rows of results, of floats or doubles, and a panel of two vectors of columns.
  int64_t ScratchFloats(int64_t inner) const { return 2 * lanes * (inner + 8); }
};

const MatMulKernel& ChooseMatMulKernel();

// The same in doubles, rounded to float once: the operator's definition, bit for bit, in plain loops. For tests.
void MultiplyInDoubles(const MatMulTask& task);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_MAT_MUL_KERNEL_H_
