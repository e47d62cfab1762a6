#include "lowbit/quant/product/permutations.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/quant/product/channel_groups.h"
#include "lowbit/quant/product/matrix.h"

namespace lowbit::quant::product {
namespace {

using Order = std::vector<int64_t>;

// The blocks of one layer, several channels in each: rows of channels of `each` weights.
class LayerBlocks {
 public:
  LayerBlocks(const FloatTensor& weights, int block, int64_t channels, Order order)
      : weights_(weights.data),
        rows_(weights.shape[0]),
        each_(Elements(weights.shape) / weights.shape[0] / channels),
        channels_(channels),
        in_block_(block / each_),
        sum_(static_cast<size_t>(block), 0.0),
        squares_(block) {
    Deal(std::move(order));
  }

  int64_t in_block() const { return in_block_; }
  int64_t weights() const { return static_cast<int64_t>(weights_.size()); }

  // Starts anew with that order.
  void Deal(Order order) {
    order_ = std::move(order);
    std::fill(sum_.begin(), sum_.end(), 0.0);
    squares_ = Matrix(squares_.size);
    for (int64_t b = 0; b < channels_ / in_block_; ++b) Add(b, 1);
    cost_ = MeasureCost();
  }

  double cost() const { return cost_; }

  // Places a and b are exchanged.
  void Swap(int64_t a, int64_t b) {
    const int64_t first = a / in_block_, second = b / in_block_;
    for (const double sign : {-1.0, 1.0}) {
      Add(first, sign);
      if (second != first) Add(second, sign);
      if (sign < 0) std::swap(order_[static_cast<size_t>(a)], order_[static_cast<size_t>(b)]);
    }
    cost_ = MeasureCost();
  }

  // The sum of squares of a channel's weights, less that of their mean.
  double VarianceOf(int64_t channel) const {
    double sum = 0, squares = 0;
    for (int64_t row = 0; row < rows_; ++row) {
      const float* w = Weights(row, channel);
      for (int64_t i = 0; i < each_; ++i) sum += w[i], squares += static_cast<double>(w[i]) * static_cast<double>(w[i]);
    }
    return squares - sum * sum / static_cast<double>(rows_ * each_);
  }

 private:
  const float* Weights(int64_t row, int64_t channel) const {
    return weights_.data() + (row * channels_ + channel) * each_;
  }

  // Adds the blocks of all rows at that place to the sums, or with -1 takes them out.
  void Add(int64_t place, double sign) {
    std::vector<double> block(sum_.size());
    for (int64_t row = 0; row < rows_; ++row) {
      for (int64_t k = 0; k < in_block_; ++k) {
        const float* w = Weights(row, order_[static_cast<size_t>(place * in_block_ + k)]);
        std::copy_n(w, each_, block.begin() + k * each_);
      }
      for (size_t i = 0; i < block.size(); ++i) {
        sum_[i] += sign * block[i];
        double* line = squares_.row(static_cast<int>(i));
        for (size_t j = 0; j <= i; ++j) line[j] += sign * block[i] * block[j];
      }
    }
  }

  // N d det(cov)^(1/d)
  double MeasureCost() const {
    const int64_t blocks = channels_ / in_block_;
    const auto count = static_cast<double>(rows_ * blocks);
    Matrix covariance(squares_.size);
    for (int i = 0; i < covariance.size; ++i) {
      for (int j = 0; j <= i; ++j) {
        const double mean = sum_[static_cast<size_t>(i)] * sum_[static_cast<size_t>(j)] / count / count;
        covariance.row(i)[j] = covariance.row(j)[i] = squares_.row(i)[j] / count - mean;
      }
    }
    // A direction without variance would make the determinant 0 whatever the others have.
    const Matrix factor = Cholesky(Regularize(covariance, 1e-6));
    double log_determinant = 0;
    for (int i = 0; i < factor.size; ++i) log_determinant += 2 * std::log(factor.row(i)[i]);
    return static_cast<double>(weights()) * std::exp(log_determinant / factor.size);
  }

  const std::vector<float>& weights_;
  int64_t rows_, each_, channels_, in_block_;
  Order order_;
  std::vector<double> sum_;
  Matrix squares_;  // The lower half.
  double cost_ = 0;
};

Order Identity(int64_t channels) {
  Order order(static_cast<size_t>(channels));
  std::iota(order.begin(), order.end(), int64_t{0});
  return order;
}

// The layers of the plan whose blocks hold several of the group's channels.
std::vector<LayerBlocks> LayersOf(const Graph& graph, const NetworkPlan& plan, const ChannelGroup& group) {
  std::vector<LayerBlocks> layers;
  for (const LayerPlan& layer : plan.layers) {
    const bool reads = std::any_of(group.uses.begin(), group.uses.end(), [&](const ChannelUse& use) {
      return use.parameter == layer.weight && use.axis == 1 && use.each == 1;
    });
    const int64_t each = Elements(layer.shape) / layer.shape[0] / group.channels;
    if (!reads || layer.block % each != 0 || layer.block / each < 2) continue;
    const auto& weights = std::get<FloatTensor>(graph.parameters.at(layer.weight).value);
    layers.emplace_back(weights, layer.block, group.channels, Identity(group.channels));
  }
  return layers;
}

double CostOf(const std::vector<LayerBlocks>& layers) {
  return std::accumulate(layers.begin(), layers.end(), 0.0,
                         [](double sum, const LayerBlocks& layer) { return sum + layer.cost(); });
}

// The channels sorted by variance in the largest layer, dealt to the places of its blocks: the first places get the
// channels of the least variance.
Order Dealt(const std::vector<LayerBlocks>& layers, int64_t channels) {
  const LayerBlocks& largest = *std::max_element(
      layers.begin(), layers.end(), [](const auto& a, const auto& b) { return a.weights() < b.weights(); });
  Order sorted = Identity(channels);
  std::vector<double> variances;
  for (const int64_t channel : sorted) variances.push_back(largest.VarianceOf(channel));
  std::stable_sort(sorted.begin(), sorted.end(), [&](int64_t a, int64_t b) {
    return variances[static_cast<size_t>(a)] < variances[static_cast<size_t>(b)];
  });
  const int64_t blocks = channels / largest.in_block();
  Order order;
  for (int64_t b = 0; b < blocks; ++b) {
    for (int64_t k = 0; k < largest.in_block(); ++k) order.push_back(sorted[static_cast<size_t>(k * blocks + b)]);
  }
  return order;
}

Order BestOrder(std::vector<LayerBlocks> layers, int64_t channels, CounterRandom random, int swaps) {
  const auto deal = [&](const Order& order) {
    for (LayerBlocks& layer : layers) layer.Deal(order);
    return CostOf(layers);
  };
  Order order = Dealt(layers, channels);
  const double as_it_is = CostOf(layers);
  double cost = deal(order);
  if (cost >= as_it_is) cost = deal(order = Identity(channels));
  const auto count = static_cast<uint64_t>(channels);
  for (uint64_t i = 0; i < static_cast<uint64_t>(swaps); ++i) {
    const auto a = static_cast<int64_t>(random.Below(2 * i, count)),
               b = static_cast<int64_t>(random.Below(2 * i + 1, count));
    if (a == b) continue;
    for (LayerBlocks& layer : layers) layer.Swap(a, b);
    const double changed = CostOf(layers);
    if (changed < cost) {
      cost = changed;
      std::swap(order[static_cast<size_t>(a)], order[static_cast<size_t>(b)]);
    } else {
      for (LayerBlocks& layer : layers) layer.Swap(a, b);
    }
  }
  return order;
}

}  // namespace

Graph PermuteChannels(const Graph& graph, const NetworkPlan& plan, const PermutationOptions& options) {
  Graph permuted = graph;
  for (const ChannelGroup& group : FindChannelGroups(graph)) {
    std::vector<LayerBlocks> layers = LayersOf(permuted, plan, group);
    if (layers.empty()) continue;
    const CounterRandom random(options.seed, StreamOf("permutations/" + group.uses[0].parameter), 0);
    const Order order = BestOrder(std::move(layers), group.channels, random, options.swaps);
    ReorderChannels(group, order, &permuted);
  }
  return permuted;
}

}  // namespace lowbit::quant::product
