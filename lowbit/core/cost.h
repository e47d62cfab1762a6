#ifndef LOWBIT_CORE_COST_H_
#define LOWBIT_CORE_COST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

// What one node costs for one image (batch 1).
struct NodeCost {
  std::string node, op;
  Shape output;  // Of the first output, at batch 1.
  // Multiply-accumulates of Conv, ConvTranspose, Gemm and MatMul, taps in the padding included; 0 for all others.
  int64_t macs = 0;
  // Elements of the float and low-bit parameters that the node reads. Integer parameters (shapes, pads) do not count.
  int64_t weights = 0;
};

// One entry for each node, in the order of the graph. Errors: as Validate; more than 2^62 multiply-accumulates.
Result<std::vector<NodeCost>> Costs(const Graph& graph);

// Elements of all float and low-bit parameters, each counted once however many nodes read it.
int64_t CountWeights(const Graph& graph);

}  // namespace lowbit

#endif  // LOWBIT_CORE_COST_H_
