#ifndef LOWBIT_CORE_INTEGER_WEIGHTS_H_
#define LOWBIT_CORE_INTEGER_WEIGHTS_H_

#include <optional>
#include <vector>

#include "lowbit/core/qtensor.h"

namespace lowbit {

// A value set as integers: value(code) = factor * integers[code]; of a codebook the numbers of its vectors, table[i] = factor *
// integers[i]. The factor is a power of two, or the step of a codebook in bytes.
struct IntegerValues {
  std::vector<int32_t> integers;
  double factor = 1;
  int32_t Magnitude() const;  // The largest absolute value.
};

// The value of each code; of a codebook the numbers of all vectors, one vector behind the other.
std::vector<float> NumbersOf(const ValueSet& values);

// The largest that two signed bytes say: 256 * 127 + 127. Integers beyond it have no kernel.
inline constexpr int32_t kMaxIntegerWeight = 32639;

// Nothing for a set whose values are no integers times a power of two, or integers too large; a codebook in bytes has integers if
// all positions of its vectors have one step.
std::optional<IntegerValues> AsIntegers(const ValueSet& values);

// Whether every sum of products of the weights of an output channel (`rows_are_channels`: a row of the tensor, else a column) with
// integers of at most `magnitude` fits into int32:
//
//   magnitude * (sum of the channel's |w|) <= 2^31 - 1
//
// where w = values.integers of the weights' codes. No partial sum is larger. Cost: none where the number of terms and the largest
// weight tell already, else one pass over the codes. REQUIRES: Validate(tensor).ok(), magnitude >= 0
bool SumsFit(const QTensor& tensor, const IntegerValues& values, bool rows_are_channels, int64_t magnitude);

// The same of R [directions, rows, units] of a recurrent layer, whose sums are over the last dimension. REQUIRES: no vector of a
// codebook runs across rows
bool StateSumsFit(const QTensor& r, const IntegerValues& values, int64_t magnitude);

// The same weights with a code of 8 bits for each. Nothing if their integers do not lie in -128..127.
std::optional<QTensor> AsSingleIntegers(const QTensor& tensor);

}  // namespace lowbit

#endif  // LOWBIT_CORE_INTEGER_WEIGHTS_H_
