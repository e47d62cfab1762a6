#ifndef LOWBIT_RUNTIME_KERNELS_BROADCAST_ROWS_H_
#define LOWBIT_RUNTIME_KERNELS_BROADCAST_ROWS_H_

#include <cstddef>
#include <cstdint>

#include "lowbit/core/graph.h"

namespace lowbit::runtime {

// One operand along a row: element i is at data[i * step]; step 0 repeats it.
struct RowOperand {
  const float* data = nullptr;
  int64_t step = 1;
};

// y[i] = f(operands[0][i], operands[1][i], ...) for i in [0, n), the definition's result rounded to float once.
using RowFunction = void (*)(const RowOperand* operands, size_t count, int64_t n, float* y);

// The function of a node that combines elements of tensors which broadcast to each other, or null: those of ONNX with two operands,
// Max, Min, Sum and Mean of any number, PRelu and Where.
RowFunction FindRowFunction(const Node& node);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_BROADCAST_ROWS_H_
