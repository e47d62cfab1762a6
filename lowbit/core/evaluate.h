#ifndef LOWBIT_CORE_EVALUATE_H_
#define LOWBIT_CORE_EVALUATE_H_

#include <map>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

// Runs the graph at inference in float64 with the operators' plain definitions: slow, and what every executor is
// tested against. Returns every value that the nodes compute, by name. Low-bit parameters enter as Dequantize gives
// them (float products, then widened).
// Errors: as Validate; an input missing or of another shape than declared.
Result<std::map<std::string, DoubleTensor>> Evaluate(const Graph& graph,
                                                     const std::map<std::string, DoubleTensor>& inputs);

}  // namespace lowbit

#endif  // LOWBIT_CORE_EVALUATE_H_
