#ifndef BENCH_RACE_DRAW_H_
#define BENCH_RACE_DRAW_H_

// Random weights and inputs of the race: a function of their names, the same in each run.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/qtensor.h"

namespace lowbit::bench {

// Errors: an unknown name.
Result<ValueSet> ValuesNamed(const std::string& name);

// Uniform integers of low..high.
std::vector<float> DrawIntegers(const std::string& stream, int64_t count, int low, int high);

// Uniform codes; the scales are left to the caller.
QTensor DrawCodes(const std::string& stream, const Shape& shape, const ValueSet& values);

// The root of the mean square of the set's values.
double Deviation(const ValueSet& values);

}  // namespace lowbit::bench

#endif  // BENCH_RACE_DRAW_H_
