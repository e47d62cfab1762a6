#ifndef LOWBIT_COMPRESS_CHANNEL_GROUPS_H_
#define LOWBIT_COMPRESS_CHANNEL_GROUPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::compress {

// A channel of what a node makes, or of what it reads first.
struct NodeChannel {
  size_t node = 0;  // Index in Graph::nodes.
  int64_t channel = 0;
};

// Channels of a network's values that can only be scaled together. A network computes the same where the parameters that make
// them are divided by a positive number, and the weights that read them multiplied by it.
struct ChannelGroup {
  // Rows of the weights, and elements of the bias, of a Conv or Gemm; of a BatchNormalization, elements of scale and shift.
  std::vector<NodeChannel> makers;
  // Input channels of a Conv; input features of a Gemm. Behind a Flatten several of one Gemm belong to one channel.
  std::vector<NodeChannel> readers;
};

struct ChannelGroups {
  std::vector<ChannelGroup> groups;  // In the order in which a network's values are computed.
  // What keeps channels between two layers as they are: "'relu6' (Clip)", "output 'y'", in the graph's order, each once.
  std::vector<std::string> obstacles;
};

// The groups that have a maker and a reader. Between them lie only functions f(s x) = s f(x), s > 0: Identity, Dropout, Relu,
// LeakyRelu, PRelu, MaxPool, AveragePool, GlobalAveragePool, Flatten and its like, products with constants, sums and differences of values,
// Concat of channels. What reaches another node, an input or an output of the graph stays as it is, and so do channels of a layer
// whose weights are low-bit or shared, or whose parameters are computed. REQUIRES: Validate(graph).ok()
ChannelGroups FindChannelGroups(const Graph& graph);

// Input channels for one output channel: the second extent of a Conv's or Gemm's weights.
int64_t InputsOfRow(const Graph& graph, const Node& layer);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_CHANNEL_GROUPS_H_
