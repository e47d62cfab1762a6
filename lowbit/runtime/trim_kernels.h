#ifndef LOWBIT_RUNTIME_TRIM_KERNELS_H_
#define LOWBIT_RUNTIME_TRIM_KERNELS_H_

#include "lowbit/core/graph.h"

namespace lowbit::runtime {

// The same network without the rows and columns at the edges of convolutions' kernels that see padding alone, wherever the
// kernel stands: with a wide dilation over a small image ("atrous" pyramids) all of a 3x3 kernel but its middle. Weights
// are cut under the name "NODE/weight", pads shrink as much. Left as they are: kernels whose pads would become negative,
// weights that are computed or vectors of a codebook. REQUIRES: Validate(graph).ok()
Graph TrimKernels(Graph graph);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_TRIM_KERNELS_H_
