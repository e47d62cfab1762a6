#ifndef LOWBIT_RUNTIME_RECURRENT_SAMPLE_H_
#define LOWBIT_RUNTIME_RECURRENT_SAMPLE_H_

// The self-test's part for recurrent layers (kernel_check.h).

#include <optional>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/runtime/kernel_check.h"

namespace lowbit::runtime {

// A node Recurrence, cut down to a block of units and some (so many that rows of a codebook stay whole), two steps of one
// sequence, all directions; the input is what is added to the gates. Nothing if not all weights are parameters of the graph.
std::optional<KernelSample> SampleRecurrence(const Graph& graph, const Node& node, const NodePlan& plan);

// How far each element of the sample's output may be away from the definition where the state is no integer: recurrent_bound.h.
// Infinite or a NaN where floats could overflow.
Result<DoubleTensor> RecurrenceBound(const KernelSample& sample);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_RECURRENT_SAMPLE_H_
