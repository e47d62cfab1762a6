#ifndef LOWBIT_CORE_FOLD_BATCH_NORM_H_
#define LOWBIT_CORE_FOLD_BATCH_NORM_H_

#include "lowbit/core/graph.h"

namespace lowbit {

// The network without the batch normalizations that directly follow a Conv, or a Gemm with transB = 1: weights (of low-bit
// ones the scales, then one for each row) are multiplied by scale / sqrt(variance + epsilon), and bias and mean become the
// layer's bias. Computed in double and rounded to float once. Others stay: where something else reads the layer's result
// or its weights, or where a parameter is computed.
// REQUIRES: Validate(graph).ok()
Graph FoldBatchNorm(const Graph& graph);

}  // namespace lowbit

#endif  // LOWBIT_CORE_FOLD_BATCH_NORM_H_
