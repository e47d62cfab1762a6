#ifndef LOWBIT_COMPRESS_INTEGER_WEIGHTS_H_
#define LOWBIT_COMPRESS_INTEGER_WEIGHTS_H_

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::compress {

// The nearest symmetric integers of `bits` bits, with a scale for each row: largest magnitude / (2^(bits-1) - 1), 1 for a
// row of zeros. REQUIRES: 2 <= bits <= 8, at least one dimension
QTensor RoundToIntegers(const FloatTensor& weights, int bits);

// Does so with the float weights of every Conv, of every Gemm whose rows are output channels (transB), and with W and R of
// every recurrent node, whose rows are directions.
Graph RoundProductWeights(Graph graph, int bits);

// The same as all that is done to a network: its activations stay as they are. Errors: `bits` not in 2..8; no such weights.
Result<Graph> RoundWeightsAlone(const Graph& graph, int bits);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_INTEGER_WEIGHTS_H_
