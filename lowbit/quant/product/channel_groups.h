#ifndef LOWBIT_QUANT_PRODUCT_CHANNEL_GROUPS_H_
#define LOWBIT_QUANT_PRODUCT_CHANNEL_GROUPS_H_

// Which channels of a network may change places without changing what it computes: those that one layer makes and others read,
// with all that lies between, such as batch normalization, pooling and the sums of a residual stream, whose layers all
// share one order.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit::quant::product {

// A float parameter one of whose dimensions follows the channels: entry c * each + i of it belongs to channel c.
struct ChannelUse {
  std::string parameter;
  size_t axis = 0;
  int64_t each = 1;  // More than 1 behind a Flatten: the pixels of a channel.
};

struct ChannelGroup {
  int64_t channels = 0;
  std::vector<ChannelUse> uses;
};

// The groups of at least two channels, in the order in which nodes use them. Understood are Conv (without groups, or depthwise),
// ConvTranspose, Gemm and MatMul with constant weights, batch normalization, arithmetic with constants and between values
// of the same channels, functions of one element, pools, and Flatten or Reshape to rows. Channels that reach anything else, an
// input or an output of the network, or a parameter that is no FloatTensor, are in no group.
// REQUIRES: Validate(graph).ok()
std::vector<ChannelGroup> FindChannelGroups(const Graph& graph);

// Puts channel order[c] in the place c, in every parameter of the group. The network computes what it computed, but for the
// order in which a layer adds up its inputs. REQUIRES: `order` is a permutation of [0, group.channels)
void ReorderChannels(const ChannelGroup& group, const std::vector<int64_t>& order, Graph* graph);

}  // namespace lowbit::quant::product

#endif  // LOWBIT_QUANT_PRODUCT_CHANNEL_GROUPS_H_
