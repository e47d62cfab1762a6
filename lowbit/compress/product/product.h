#ifndef LOWBIT_COMPRESS_PRODUCT_PRODUCT_H_
#define LOWBIT_COMPRESS_PRODUCT_PRODUCT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"
#include "lowbit/quant/product/plan.h"

namespace lowbit::compress {

// Trains the codebook of the layer, which has just been quantized: the layer's weight with the same codes and another codebook. `graph`:
// the network as it is so far.
using TuneCodebook = std::function<Result<QTensor>(const Graph& graph, const quant::product::LayerPlan& layer)>;

struct ProductOptions {
  int iterations = 100;  // Of k-means: see quant::product::ClusteringOptions.
  double annealing = 0;
  bool replacement = false;
  bool positions = false;  // A metric for each position of a block in its row, in place of their sum for all.
  bool gains = false;      // Cluster rows of equal norm, where a batch normalization behind the layer takes the norms.
  // Put the channels of each layer in an order in which blocks are more alike: quant::product::PermuteChannels.
  bool permutations = false;
  double regularization = 1e-4;  // See quant::product::Regularize. Above 0.
  int64_t samples = 1024;        // Images, evenly spread over the set; all if there are fewer.
  uint64_t seed = 1;
  int threads = 1;  // 0: all cores. What comes out does not depend on it.
  TuneCodebook tune =
      nullptr;  // Called after each layer, before the next one; null: codebooks stay as k-means leaves them.
};

// What became of one layer.
struct ProductLayer {
  quant::product::LayerPlan plan;
  int codewords = 0;         // Those in use.
  double weight_error = 0;   // sqrt(sum (w - q)^2 / sum w^2)
  double output_error = -1;  // The same of the layer's output on the samples, bias excepted; -1: not watched.
  double tuned_error = -1;   // The output's error after ProductOptions::tune; -1: not watched, or nothing tuned.
  bool gains = false;        // Whether its rows were made equal.
  bool kept = false;         // Whether it came quantized: see QuantizeProduct.
};

struct ProductNetwork {
  Graph graph;
  std::vector<ProductLayer> layers;
  int64_t samples = 0;
};

// Called before each layer with its number, from 0; and once more at the end with `of`.
using ProductProgress = std::function<Status(int64_t done, int64_t of, const ProductNetwork& network)>;

// Replaces the planned weights by codes and codebooks, layer by layer from input to output: each layer is fitted to the
// inputs that it gets from the layers before it as they are already (lowbit/quant/product/clustering.h). Without images, and
// for transposed convolutions, the weights themselves are fitted. `done`: the network of an interrupted call, whose
// low-bit weights are taken as they are; null: none.
//
// Errors: options out of range; images that do not fit the network's one input; a value that is not finite; what `progress`
// returns.
Result<ProductNetwork> QuantizeProduct(const Graph& graph, const quant::product::NetworkPlan& plan,
                                       const data::ImageSet* images, const ProductOptions& options,
                                       const ProductProgress& progress = nullptr, const Graph* done = nullptr);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_PRODUCT_PRODUCT_H_
