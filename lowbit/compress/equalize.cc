#include "lowbit/compress/equalize.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/compress/channel_groups.h"
#include "lowbit/compress/channel_runs.h"
#include "lowbit/compress/inputs/layer_inputs.h"
#include "lowbit/compress/scaled_layers.h"
#include "lowbit/core/insert_quantizers.h"

namespace lowbit::compress {
namespace {

// Factors of one round change the ranges that others are computed from. MobileNetV1 takes 60 rounds to the last.
constexpr int kRounds = 200;
constexpr double kConverged = 1e-5;
constexpr double kLeastShare = 1.0 / 256;

class Equalizer {
 public:
  Equalizer(const Graph& graph, Equalization kind, const ChannelRanges& ranges, const std::vector<ChannelGroup>& groups)
      : graph_(graph), kind_(kind), ranges_(ranges), groups_(groups), layers_(graph, groups) {
    if (kind_ == Equalization::kWeights) return;
    for (const ChannelGroup& group : groups_) activations_.push_back(ActivationRange(group));
  }

  const ScaledLayers& Run() {
    double change = 1;
    for (int round = 0; round < kRounds && change > kConverged; ++round) {
      change = 0;
      for (size_t i = 0; i < groups_.size(); ++i) change = std::max(change, Equalize(i));
    }
    return layers_;
  }

 private:
  double ActivationRange(const ChannelGroup& group) const {
    double range = 0;
    for (const NodeChannel& reader : group.readers) {
      const std::vector<double>& channels = ranges_.at(graph_.nodes[reader.node].inputs[0]);
      const double largest = *std::max_element(channels.begin(), channels.end());
      range = std::max({range, channels[static_cast<size_t>(reader.channel)], largest * kLeastShare});
    }
    return range;
  }

  double MakerRange(size_t group) const {
    if (kind_ != Equalization::kWeights) return activations_[group];
    double range = 0;
    for (const NodeChannel& maker : groups_[group].makers) range = std::max(range, layers_.RowRange(maker));
    return range;
  }

  // 0 where no reader's precision depends on it.
  double ReaderRange(const ChannelGroup& group) const {
    double range = 0;
    for (const NodeChannel& reader : group.readers) {
      if (kind_ == Equalization::kWeights || !layers_.ReadsAlone(reader)) {
        range = std::max(range, layers_.ColumnRange(reader));
      }
    }
    return range;
  }

  bool OnlyReadAlone(const ChannelGroup& group) const {
    return std::all_of(group.readers.begin(), group.readers.end(),
                       [this](const NodeChannel& reader) { return layers_.ReadsAlone(reader); });
  }

  double Factor(size_t i) const {
    const double made = MakerRange(i);
    const bool alone =
        kind_ == Equalization::kActivations || (kind_ == Equalization::kBoth && OnlyReadAlone(groups_[i]));
    if (alone) return made > 0 ? made : 1;
    const double read = ReaderRange(groups_[i]);
    return made > 0 && read > 0 ? std::sqrt(made / read) : 1;
  }

  // How much the group's channels change.
  double Equalize(size_t i) {
    const double factor = Factor(i);
    layers_.Scale(groups_[i], factor);
    if (!activations_.empty()) activations_[i] /= factor;
    return std::abs(std::log(factor));
  }

  const Graph& graph_;
  Equalization kind_;
  const ChannelRanges& ranges_;
  const std::vector<ChannelGroup>& groups_;
  ScaledLayers layers_;
  std::vector<double> activations_;  // By group; none for kWeights.
};

}  // namespace

Result<ChannelRanges> MeasureChannelRanges(const Graph& graph, const data::ImageSet& images, int64_t samples,
                                           int threads) {
  ChannelRanges ranges;
  samples = std::min(samples, images.count());
  for (const QuantizableValue& value : QuantizableValues(graph)) {
    std::vector<double>& range = ranges[value.value];
    const auto watch = [&range](Span<const float> values, const Shape& shape) {
      range.resize(static_cast<size_t>(shape[1]));
      EachChannelRun(values, shape, [&range](size_t channel, Span<const float> run) {
        for (const float x : run) range[channel] = std::max<double>(range[channel], std::abs(x));
      });
      return Ok();
    };
    LOWBIT_RETURN_IF_ERROR(WatchOnImages(graph, value.value, images, samples, threads, watch));
  }
  return ranges;
}

Result<Equalized> Equalize(const Graph& graph, Equalization kind, const ChannelRanges& ranges) {
  const ChannelGroups found = FindChannelGroups(graph);
  Equalized result = {graph, static_cast<int64_t>(found.groups.size()), {}};
  if (kind == Equalization::kNone) return result;
  if (found.groups.empty()) {
    const std::string why = found.obstacles.empty() ? "" : "; in the way is " + found.obstacles[0];
    return Invalid("network '" + graph.name +
                   "' has no channels to equalize: none lies between two layers with float weights" + why);
  }
  if (!Equalizer(graph, kind, ranges, found.groups).Run().Store(&result.graph)) {
    return Invalid("network '" + graph.name + "' cannot be equalized: a scaled weight is too large for a float");
  }
  for (const std::string& obstacle : found.obstacles) {
    result.warnings.push_back("channels are not equalized across " + obstacle);
  }
  return result;
}

}  // namespace lowbit::compress
