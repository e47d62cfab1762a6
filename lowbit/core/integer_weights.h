#ifndef LOWBIT_CORE_INTEGER_WEIGHTS_H_
#define LOWBIT_CORE_INTEGER_WEIGHTS_H_

#include <optional>

#include "lowbit/core/qtensor.h"

namespace lowbit {

// A value set as integers: value(code) = factor * integers[code]; of a codebook the numbers of its vectors, table[i] = factor *
// integers[i]. The factor is a power of two, or the step of a codebook in bytes.
struct IntegerValues {
  std::vector<int32_t> integers;
  double factor = 1;
  int32_t Magnitude() const;  // The largest absolute value.
};

// Integers beyond this are not worth a kernel.
inline constexpr int32_t kMaxIntegerWeight = 32767;

// Nothing for a set whose values are no integers times a power of two, or integers too large; a codebook in bytes has integers if
// all positions of its vectors have one step.
std::optional<IntegerValues> AsIntegers(const ValueSet& values);

}  // namespace lowbit

#endif  // LOWBIT_CORE_INTEGER_WEIGHTS_H_
