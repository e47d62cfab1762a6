#ifndef LOWBIT_ACCELERATOR_CHECK_H_
#define LOWBIT_ACCELERATOR_CHECK_H_

// What a compiled stretch computes, beside what the network computes there.

#include <cstdint>
#include <vector>

#include "lowbit/accelerator/compile.h"
#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/tensor.h"

namespace lowbit::accelerator {

// The stretch's last tensor, integers or sums [channels, height, width], of its first one's integers [channels, height, width].
// Error: as Execute. REQUIRES: `integers` are levels of the input.
Result<std::vector<int64_t>> RunStretch(const Compiled& compiled, Span<const int64_t> integers);

struct Comparison {
  int64_t elements = 0;   // Of the last tensor.
  int64_t different = 0;  // Of them, those that the plain evaluation of the integer form has otherwise.
};

// Both of one image, [1, channels, height, width], which the network of one input takes. Errors: as Evaluate and Execute.
Result<Comparison> CompareStretch(const Graph& graph, const Compiled& compiled, const DoubleTensor& image);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_CHECK_H_
