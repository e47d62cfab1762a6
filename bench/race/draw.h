#ifndef BENCH_RACE_DRAW_H_
#define BENCH_RACE_DRAW_H_

// Random weights and inputs of the race: a function of their names, the same in each run.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/qtensor.h"

namespace lowbit::bench {

// Of weights of that shape. "codebook-small" and "codebook-large" are the regimes of Stock et al. 2020: 256 vectors, of 9 or 18
// weights for kernels of 3x3, 4 or 8 for 1x1; 1024 vectors of 4 for matrices. The numbers are random integers of -127..127.
// Errors: an unknown name; a shape that has no such blocks.
Result<ValueSet> ValuesNamed(const std::string& name, const Shape& shape);

// Uniform integers of low..high.
std::vector<float> DrawIntegers(const std::string& stream, int64_t count, int low, int high);

// Uniform codes; the scales are left to the caller.
QTensor DrawCodes(const std::string& stream, const Shape& shape, const ValueSet& values);

// The root of the mean square of the set's values.
double Deviation(const ValueSet& values);

}  // namespace lowbit::bench

#endif  // BENCH_RACE_DRAW_H_
