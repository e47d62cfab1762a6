#ifndef LOWBIT_CORE_EVALUATE_H_
#define LOWBIT_CORE_EVALUATE_H_

#include <map>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

// What happens to the values that a node computes.
enum class Rounding {
  kNone,   // They stay float64.
  kFloat,  // Each is rounded to the nearest float32. For a sum, difference, product or quotient of float32 numbers that
           // is float32 arithmetic; for sums of small integers it is exact. The definition of integer execution.
};

// Runs the graph at inference in float64 with the operators' plain definitions: slow, and what every executor is
// tested against. Returns every value that the nodes compute, by name. Low-bit parameters enter as Dequantize gives
// them (float products, then widened).
// Errors: as Validate; an input missing or of another shape than declared.
Result<std::map<std::string, DoubleTensor>> Evaluate(const Graph& graph,
                                                     const std::map<std::string, DoubleTensor>& inputs,
                                                     Rounding rounding = Rounding::kNone);

}  // namespace lowbit

#endif  // LOWBIT_CORE_EVALUATE_H_
