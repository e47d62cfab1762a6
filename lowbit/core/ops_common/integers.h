#ifndef LOWBIT_CORE_OPS_COMMON_INTEGERS_H_
#define LOWBIT_CORE_OPS_COMMON_INTEGERS_H_

// Integer parameters (shapes, pads, slice bounds) as an operator's shape rule and its evaluation read them: one way for
// both, so that the two cannot disagree.

#include <cstdint>
#include <vector>

#include "lowbit/core/operator.h"

namespace lowbit::ops {

// Values are clamped to +-kIntegerLimit: exact in a double, beyond every extent, and far from overflow when extents are
// added. (ONNX writes "to the end" as the largest int64.)
inline constexpr int64_t kIntegerLimit = int64_t{1} << 52;

// The entries of input i, or `otherwise` where the node has no such input; a scalar is a list of one. Error: more than one
// dimension.
// REQUIRES: the input is an int64 parameter (Operator::integer_inputs).
Result<std::vector<int64_t>> ReadIntegers(const std::vector<InputView>& inputs, size_t i,
                                          const std::vector<int64_t>& otherwise = {});

// The same for evaluation, where integers arrive as doubles.
std::vector<int64_t> ReadIntegers(const std::vector<const DoubleTensor*>& inputs, size_t i,
                                  const std::vector<int64_t>& otherwise = {});

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_INTEGERS_H_
