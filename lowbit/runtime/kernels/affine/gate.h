#ifndef LOWBIT_RUNTIME_KERNELS_AFFINE_GATE_H_
#define LOWBIT_RUNTIME_KERNELS_AFFINE_GATE_H_

#include <optional>
#include <string>
#include <vector>

#include "lowbit/runtime/kernels/unary/kernel.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime {

// A function x g(x) that files spell out in several nodes, each of which would read and write the whole value.
struct Gate {
  std::string function;       // "HardSwish"
  std::string input, output;  // x, and what the last node makes.
  UnaryCall call;
  double factor = 1;          // Of what the call computes.
  std::vector<size_t> nodes;  // Ascending.
};

// The gate that `node` begins, if nobody else reads what lies between. Known are, with numbers p, q, r and s,
//
//   s x sigmoid(p x + q)                                     Swish (SiLU)
//   s x clip(p x + q, 0, r), s x HardSigmoid(p x + q)        HardSwish
//   s x (1 + erf(x / sqrt(2)))                               Gelu
//   s x tanh(softplus(x))                                    Mish
//
// with the multiplications by numbers in any place. None in a network of integers, where each operation rounds on its own.
std::optional<Gate> FindGate(size_t node, const Lowering& lowering);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_AFFINE_GATE_H_
