#ifndef LOWBIT_RUNTIME_KERNELS_UNARY_CALL_H_
#define LOWBIT_RUNTIME_KERNELS_UNARY_CALL_H_

#include <optional>

#include "lowbit/core/graph.h"
#include "lowbit/runtime/kernels/unary/kernel.h"

namespace lowbit::runtime {

// The node's function, if there is vector code for it.
std::optional<UnaryCall> VectorCallOf(const Node& node);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_UNARY_CALL_H_
