#ifndef LOWBIT_RUNTIME_SPLIT_WEIGHTS_H_
#define LOWBIT_RUNTIME_SPLIT_WEIGHTS_H_

#include <cstdint>

#include "lowbit/runtime/byte_weights.h"

namespace lowbit::runtime {

// The two signed bytes of an integer: w = 256 * high + low. REQUIRES: |w| <= kMaxIntegerWeight
struct SplitInteger {
  explicit SplitInteger(int32_t w)
      : high(static_cast<int8_t>((w + 128) >> 8)), low(static_cast<int8_t>(w - 256 * high)) {}
  int8_t high, low;
};

// Fills bytes and sums of weights that are split (ByteWeights::split), of any value set.
// REQUIRES: `values` is IntegersOf(source); the other fields of `packed` are there, the sums 0.
void PackSplit(const WeightSource& source, const IntegerValues& values, ByteWeights* packed);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_SPLIT_WEIGHTS_H_
