#include "lowbit/quant/product/clustering.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lowbit/base/check.h"
#include "lowbit/base/random.h"

namespace lowbit::quant::product {
namespace {

// k-means in the bases that the metrics' factors give.
class Lloyd {
 public:
  Lloyd(const Blocks& blocks, const ClusteringOptions& options)
      : blocks_(blocks),
        options_(options),
        d_(static_cast<size_t>(blocks.dimension)),
        n_(blocks.count()),
        k_(std::min(static_cast<size_t>(options.centroids), n_)),
        metrics_(blocks.metrics.empty() ? std::vector<Matrix>{Matrix::Identity(blocks.dimension)} : blocks.metrics) {
    for (const Matrix& metric : metrics_) factors_.push_back(Cholesky(metric));
    SortByMetric();
    TransformPoints();
    codes_.assign(n_, -1);
    distances_.assign(n_, 0);
    Start();
  }

  Clustering Run() {
    Clustering result;
    for (int i = 0; i < options_.iterations; ++i) {
      bool changed = Assign();
      for (int pass = 0; pass < kRepairPasses && Repair(); ++pass) changed |= Assign();
      result.iterations = i + 1;
      if (!changed && options_.annealing == 0) break;
      Update();
      if (options_.annealing != 0 && i + 1 < options_.iterations) Shake(i);
    }
    Assign();
    result.codes = std::move(codes_);
    for (size_t p = 0; p < n_; ++p) {
      result.error += Weight(p) * distances_[p];
      result.power += Weight(p) * SquaredNorm(points_.data() + p * d_);
    }
    result.centroids = std::move(centroids_);
    LeaveOutUnused(&result);
    return result;
  }

 private:
  size_t MetricOf(size_t p) const { return blocks_.metric_of.empty() ? 0 : blocks_.metric_of[p]; }
  double Weight(size_t p) const { return blocks_.weights.empty() ? 1 : static_cast<double>(blocks_.weights[p]); }
  const float* Block(size_t p) const { return blocks_.values.data() + p * d_; }
  double SquaredNorm(const double* x) const { return std::inner_product(x, x + d_, x, 0.0); }

  void SortByMetric() {
    order_.resize(metrics_.size());
    for (size_t p = 0; p < n_; ++p) order_[MetricOf(p)].push_back(p);
  }

  void TransformPoints() {
    points_.resize(n_ * d_);
    std::vector<double> block(d_);
    for (size_t p = 0; p < n_; ++p) {
      std::copy_n(Block(p), d_, block.begin());
      MultiplyTransposed(factors_[MetricOf(p)], block.data(), points_.data() + p * d_);
    }
  }

  void Start() {
    const CounterRandom random(options_.seed, StreamOf("product/start/" + options_.stream));
    std::vector<size_t> drawn(n_);
    std::iota(drawn.begin(), drawn.end(), size_t{0});
    centroids_.resize(k_ * d_);
    for (size_t k = 0; k < k_; ++k) {
      const size_t p = options_.replacement ? random.Below(k, n_) : k + random.Below(k, n_ - k);
      if (!options_.replacement) std::swap(drawn[k], drawn[p]);
      std::copy_n(Block(options_.replacement ? p : drawn[k]), d_, centroids_.begin() + static_cast<int64_t>(k * d_));
    }
  }

  // |u - e_k|^2 - |u|^2 for all k, from the codewords as columns.
  void Scores(const double* u, double* scores) const {
    std::copy(norms_.begin(), norms_.end(), scores);
    for (size_t j = 0; j < d_; ++j) {
      const double factor = -2 * u[j];
      const double* column = columns_.data() + j * k_;
      for (size_t k = 0; k < k_; ++k) scores[k] += factor * column[k];
    }
  }

  void TransformCentroids(const Matrix& factor) {
    columns_.resize(d_ * k_);
    norms_.resize(k_);
    std::vector<double> e(d_);
    for (size_t k = 0; k < k_; ++k) {
      MultiplyTransposed(factor, centroids_.data() + k * d_, e.data());
      for (size_t j = 0; j < d_; ++j) columns_[j * k_ + k] = e[j];
      norms_[k] = SquaredNorm(e.data());
    }
  }

  // Whether a code changed.
  bool Assign() {
    bool changed = false;
    counts_.assign(k_, 0);
    std::vector<double> scores(k_);
    for (size_t m = 0; m < metrics_.size(); ++m) {
      TransformCentroids(factors_[m]);
      for (const size_t p : order_[m]) {
        const double* u = points_.data() + p * d_;
        Scores(u, scores.data());
        const auto nearest = static_cast<size_t>(std::min_element(scores.begin(), scores.end()) - scores.begin());
        changed |= codes_[p] != static_cast<int32_t>(nearest);
        codes_[p] = static_cast<int32_t>(nearest);
        ++counts_[nearest];
        double distance = 0;
        for (size_t j = 0; j < d_; ++j) {
          const double difference = u[j] - columns_[j * k_ + nearest];
          distance += difference * difference;
        }
        distances_[p] = distance;
      }
    }
    return changed;
  }

  // Moves codewords that no block uses to blocks that are far from theirs. False if there is none, or nothing to divide.
  bool Repair() {
    if (std::find(counts_.begin(), counts_.end(), size_t{0}) == counts_.end()) return false;
    std::vector<double> errors(k_, 0);
    std::vector<size_t> farthest(k_, 0), order(k_);
    std::vector<double> reach(k_, 0);
    for (size_t p = 0; p < n_; ++p) {
      const auto k = static_cast<size_t>(codes_[p]);
      const double error = Weight(p) * distances_[p];
      errors[k] += error;
      if (error > reach[k]) reach[k] = error, farthest[k] = p;
    }
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return errors[a] > errors[b]; });
    size_t next = 0;
    for (size_t k = 0; k < k_ && next < k_; ++k) {
      if (counts_[k] != 0) continue;
      const size_t divided = order[next++];
      if (reach[divided] <= 0) break;
      std::copy_n(Block(farthest[divided]), d_, centroids_.begin() + static_cast<int64_t>(k * d_));
    }
    return reach[order[0]] > 0;
  }

  void Update() { metrics_.size() == 1 ? UpdateMeans() : UpdateSolutions(); }

  void UpdateMeans() {
    std::vector<double> sums(k_ * d_, 0), weights(k_, 0);
    for (size_t p = 0; p < n_; ++p) {
      const auto k = static_cast<size_t>(codes_[p]);
      weights[k] += Weight(p);
      for (size_t j = 0; j < d_; ++j) sums[k * d_ + j] += Weight(p) * static_cast<double>(Block(p)[j]);
    }
    for (size_t i = 0; i < sums.size(); ++i) {
      if (weights[i / d_] > 0) centroids_[i] = sums[i] / weights[i / d_];
    }
  }

  void UpdateSolutions() {
    std::vector<Matrix> left(k_, Matrix(blocks_.dimension));
    std::vector<double> right(k_ * d_, 0), weights(k_, 0);
    for (size_t p = 0; p < n_; ++p) {
      const auto k = static_cast<size_t>(codes_[p]);
      const Matrix& g = metrics_[MetricOf(p)];
      weights[k] += Weight(p);
      for (size_t i = 0; i < d_; ++i) {
        for (size_t j = 0; j < d_; ++j) {
          const double value = Weight(p) * g.values[i * d_ + j];
          left[k].values[i * d_ + j] += value;
          right[k * d_ + i] += value * static_cast<double>(Block(p)[j]);
        }
      }
    }
    for (size_t k = 0; k < k_; ++k) {
      if (!(weights[k] > 0) || !(left[k].Trace() > 0)) continue;
      Solve(Cholesky(left[k]), right.data() + k * d_);
      std::copy_n(right.begin() + static_cast<int64_t>(k * d_), d_, centroids_.begin() + static_cast<int64_t>(k * d_));
    }
  }

  void Shake(int iteration) {
    if (deviations_.empty()) Deviations();
    const CounterRandom random(options_.seed, StreamOf("product/noise/" + options_.stream),
                               static_cast<uint64_t>(iteration));
    const double size = options_.annealing * std::sqrt(1 - static_cast<double>(iteration + 1) / options_.iterations);
    for (size_t i = 0; i < centroids_.size(); ++i) {
      const double members = static_cast<double>(std::max<size_t>(1, counts_[i / d_]));
      centroids_[i] += size * deviations_[i % d_] * random.Normal(i) / std::sqrt(members);
    }
  }

  void Deviations() {
    deviations_.assign(d_, 0);
    for (size_t j = 0; j < d_; ++j) {
      double sum = 0, squares = 0;
      for (size_t p = 0; p < n_; ++p) sum += static_cast<double>(Block(p)[j]);
      for (size_t p = 0; p < n_; ++p) {
        const double difference = static_cast<double>(Block(p)[j]) - sum / static_cast<double>(n_);
        squares += difference * difference;
      }
      deviations_[j] = std::sqrt(squares / static_cast<double>(n_));
    }
  }

  void LeaveOutUnused(Clustering* result) const {
    std::vector<int32_t> renamed(k_, -1);
    std::vector<double> used;
    for (size_t k = 0; k < k_; ++k) {
      if (counts_[k] == 0) continue;
      renamed[k] = static_cast<int32_t>(used.size() / d_);
      for (size_t j = 0; j < d_; ++j) used.push_back(result->centroids[k * d_ + j]);
    }
    for (int32_t& code : result->codes) code = renamed[static_cast<size_t>(code)];
    result->centroids = std::move(used);
  }

  const Blocks& blocks_;
  const ClusteringOptions& options_;
  const size_t d_, n_, k_;
  std::vector<Matrix> metrics_, factors_;
  std::vector<std::vector<size_t>> order_;  // The blocks of each metric.
  std::vector<double> points_;              // S^T v, N x d.
  std::vector<double> centroids_;           // K x d, in the weights' own basis.
  std::vector<double> columns_, norms_;     // S^T c as d x K, and the squared lengths.
  std::vector<int32_t> codes_;
  std::vector<double> distances_, deviations_;
  std::vector<size_t> counts_;
};

}  // namespace

Clustering Cluster(const Blocks& blocks, const ClusteringOptions& options) {
  LOWBIT_CHECK(blocks.dimension >= 1 && !blocks.values.empty() && options.centroids >= 1 && options.iterations >= 1);
  return Lloyd(blocks, options).Run();
}

}  // namespace lowbit::quant::product
