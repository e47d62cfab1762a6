#ifndef LOWBIT_QUANT_PRODUCT_CLUSTERING_H_
#define LOWBIT_QUANT_PRODUCT_CLUSTERING_H_

// The codebooks of product quantization ("And the bit goes down", Stock et al., ICLR 2020): blocks v_p of a layer's weights
// are replaced by codewords c_k, so that what the layer computes changes least,
//
//   minimize  sum_p w_p (v_p - c_a(p))^T G_m(p) (v_p - c_a(p))
//
// where G is the mean of s s^T over the parts s of the layer's inputs that a block meets. The paper has one G for all
// blocks; its alternating minimization is then k-means on S^T v_p, G = S S^T, which is how the distances are computed here
// for any number of metrics. With one metric a codeword is the weighted mean of its blocks; with several,
// (sum w G)^-1 (sum w G v).

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/quant/product/matrix.h"

namespace lowbit::quant::product {

struct ClusteringOptions {
  int centroids = 256;       // K, at least 1.
  int iterations = 100;      // At most; fewer where the codes stop to change. At least 1.
  double annealing = 0;      // See Cluster; 0: none.
  bool replacement = false;  // Draw the first codewords with replacement, as the paper does.
  uint64_t seed = 1;
  std::string stream;  // The layer's name: other layers draw other numbers.
};

struct Blocks {
  int dimension = 1;                // d, at least 1.
  std::vector<float> values;        // N x d, one block after the other. Finite, N >= 1.
  std::vector<float> weights;       // w_p: N, not negative; empty: 1.
  std::vector<Matrix> metrics;      // d x d, positive definite; empty: the identity.
  std::vector<uint32_t> metric_of;  // m(p): N; empty: metric 0.

  size_t count() const { return values.size() / static_cast<size_t>(dimension); }
};

struct Clustering {
  std::vector<int32_t> codes;     // a(p)
  std::vector<double> centroids;  // At most K times d: those that no block uses are left out.
  double error = 0;               // The minimized sum.
  double power = 0;               // The same with every c = 0: what `error` is to be compared with.
  int iterations = 0;
};

// The codewords start as K of the blocks. Each iteration assigns every block to its nearest codeword (the lower code of two
// equally near), then moves the codewords. A codeword without blocks takes the place of the farthest block of one of the
// clusters with the largest errors, at most kRepairPasses times an iteration; where no cluster can be divided (fewer different
// blocks than codewords) it is left out of the result.
//
// Annealing (SR-C, Martinez et al., CVPR 2021) moves a codeword of n blocks by normal noise of standard deviation
// annealing * sigma_j * sqrt(1 - i / iterations) / sqrt(n) for dimension j in iteration i, where sigma_j is that of the
// blocks: the mean of noisy blocks. The last iteration has none.
//
// Deterministic: depends on the arguments alone. Time: N K d multiplications an iteration.
Clustering Cluster(const Blocks& blocks, const ClusteringOptions& options);

inline constexpr int kRepairPasses = 10;

}  // namespace lowbit::quant::product

#endif  // LOWBIT_QUANT_PRODUCT_CLUSTERING_H_
