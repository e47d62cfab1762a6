#ifndef LOWBIT_COMPRESS_SCALED_LAYERS_H_
#define LOWBIT_COMPRESS_SCALED_LAYERS_H_

#include <map>
#include <string>
#include <vector>

#include "lowbit/compress/channel_groups.h"
#include "lowbit/core/graph.h"

namespace lowbit::compress {

// The parameters of the layers around some groups of channels in double, so that they are rounded to float once however often
// they are scaled.
class ScaledLayers {
 public:
  // REQUIRES: the groups are FindChannelGroups(graph).groups; the graph outlives this
  ScaledLayers(const Graph& graph, const std::vector<ChannelGroup>& groups);

  // The largest magnitude of the weights that make a channel (of a BatchNormalization: of its scale).
  double RowRange(const NodeChannel& maker) const;
  // The largest magnitude of the weights that read a channel.
  double ColumnRange(const NodeChannel& reader) const;
  // Whether the layer has one input channel for each row, whose scale is then no matter of the weights' precision.
  bool ReadsAlone(const NodeChannel& reader) const { return layers_.at(reader.node).inputs == 1; }

  // Divides what makes the group's channels by `factor`, and multiplies what reads them. REQUIRES: factor > 0
  void Scale(const ChannelGroup& group, double factor);

  // Rounded to float. False, and nothing stored, if a number is too large for a float.
  bool Store(Graph* graph) const;

 private:
  struct Layer {
    int64_t rows = 0, inputs = 1, taps = 1, groups = 1;  // Weights are [rows, inputs, taps].
    std::string weight_name, bias_name;                  // bias_name: "" where there is none.
    std::vector<double> weights, bias;
  };

  void Add(const Graph& graph, size_t index);
  // Calls use(weight) with the indices of the weights that read a channel.
  template <typename Use>
  static void EachInColumn(const Layer& layer, int64_t channel, const Use& use);

  std::map<size_t, Layer> layers_;  // By node.
};

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_SCALED_LAYERS_H_
