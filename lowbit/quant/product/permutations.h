#ifndef LOWBIT_QUANT_PRODUCT_PERMUTATIONS_H_
#define LOWBIT_QUANT_PRODUCT_PERMUTATIONS_H_

// Channels in an order in which blocks of neighbouring ones are quantized better (Martinez et al., "Permute, Quantize, and
// Fine-tune", CVPR 2021). It costs no bytes: the layers that make the channels make them in that order.

#include <cstdint>

#include "lowbit/core/graph.h"
#include "lowbit/quant/product/plan.h"

namespace lowbit::quant::product {

struct PermutationOptions {
  int swaps = 10000;  // Tried for each group of channels; at least 0.
  uint64_t seed = 1;
};

// The network with the channels of each of FindChannelGroups in the order that was found best for the layers of the plan
// that read them; it computes what it computed. The measure of an order is what a Gaussian with the blocks' covariance
// costs at a given rate: the sum over layers of N d det(cov)^(1/d) for N blocks of d weights.
//
// It starts with channels sorted by their variance, dealt so that the same place in every block has channels of like
// variance, or with the order that is there if that is better; then swaps of two channels are drawn, and done if the measure
// falls. Groups whose layers have blocks of one channel stay as they are. Deterministic. Time: for a swap, the rows of the
// layers times d^2.
// REQUIRES: Validate(graph).ok(); `plan` is one of the graph's
Graph PermuteChannels(const Graph& graph, const NetworkPlan& plan, const PermutationOptions& options);

}  // namespace lowbit::quant::product

#endif  // LOWBIT_QUANT_PRODUCT_PERMUTATIONS_H_
