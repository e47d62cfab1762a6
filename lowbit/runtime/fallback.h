#ifndef LOWBIT_RUNTIME_FALLBACK_H_
#define LOWBIT_RUNTIME_FALLBACK_H_

#include <memory>

#include "lowbit/runtime/step.h"

namespace lowbit::runtime {

// The step for a node that no kernel takes: the operator's plain float64 definition (core), converted at both ends.
// Correct for every valid node, slow, and it allocates memory while it runs.
std::unique_ptr<Step> LowerToFallback(size_t node, const Lowering& lowering);

// A parameter as the operators' definitions take it.
DoubleTensor WidenParameter(const Parameter& parameter);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_FALLBACK_H_
