#ifndef LOWBIT_COMPRESS_EQUALIZE_H_
#define LOWBIT_COMPRESS_EQUALIZE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"

namespace lowbit::compress {

// What is made equal from channel to channel. With a, r and w the largest magnitudes of a channel, of the weights that make it and of
// those that read it, a channel is divided by s:
enum class Equalization {
  kNone,
  kWeights,      // s = sqrt(r / w), until r = w everywhere; needs no images (Nagel et al. 2019, section 4.1).
  kActivations,  // s = a: every channel then has 1.
  // s = sqrt(a / w), so that a = w; of channels that only layers of single channels read, whose rows have scales of their own, s = a.
  kBoth,
};

// For a value, the largest magnitude of each of its channels.
using ChannelRanges = std::map<std::string, std::vector<double>>;

struct Equalized {
  Graph graph;
  int64_t groups = 0;                 // Channels, or sets of channels that have one factor, that were looked at.
  std::vector<std::string> warnings;  // "channels are not equalized across 'relu6' (Clip)"
};

// The ranges of all that a Conv or Gemm reads, over `samples` images of the set, evenly spread. Of n values, costs about n / 2 runs of
// the network over the samples. Errors: as WatchOnImages.
Result<ChannelRanges> MeasureChannelRanges(const Graph& graph, const data::ImageSet& images, int64_t samples,
                                           int threads);

// A network that computes the same, to the rounding of floats, from channels that are scaled against each other
// (channel_groups.h), so that those of one value fill a grid of one step evenly. Channels of range 0 stay as they are; a range below
// 1/256 of the value's largest counts as that, since what was almost nothing in the samples may be more elsewhere. Batch
// normalization is not folded: see FoldBatchNorm, without which few channels have neighbours.
// `ranges` are those of `graph` (kWeights: not read). REQUIRES: Validate(graph).ok()
// Errors: no channel that can be scaled; a scaled weight is too large for a float.
Result<Equalized> Equalize(const Graph& graph, Equalization kind, const ChannelRanges& ranges);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_EQUALIZE_H_
