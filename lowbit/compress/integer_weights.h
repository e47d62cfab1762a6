#ifndef LOWBIT_COMPRESS_INTEGER_WEIGHTS_H_
#define LOWBIT_COMPRESS_INTEGER_WEIGHTS_H_

#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/compress/rounding/row_grid.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"

namespace lowbit::compress {

// Weights of a row as integers with a scale for each row: see ChooseRowGrid. REQUIRES: 2 <= bits <= 8, at least one dimension,
// finite weights
QTensor RoundToIntegers(const FloatTensor& weights, int bits, WeightRange range = WeightRange::kMax);

enum class Rounding {
  kNearest,      // Each weight to the integer next to it.
  kCompensated,  // With later weights of a row making up for it: CompensateLayer. Needs images.
};

struct WeightRounding {
  int bits = 8;  // 2..8; 0: weights stay float.
  std::optional<int> edge_bits =
      {};  // Of the first and the last layer, in the order of execution; as `bits` if not set.
  // Not set: kMax for kNearest, kMeanSquaredError for kCompensated.
  std::optional<WeightRange> range = {};
  Rounding rounding = Rounding::kNearest;
  int64_t samples = 512;  // For kCompensated: images, evenly spread over the set; all if there are fewer.
  int threads = 1;        // 0: all cores. What comes out does not depend on it.
};

// What became of one weight.
struct RoundedWeight {
  std::string weight, layer;  // The layer is the first that reads it.
  int bits = 8;
  double weight_error = 0;  // sqrt(sum (w - q)^2 / sum w^2)
  // Of a compensated layer sqrt(sum (y - z)^2 / sum y^2), bias excepted, at up to 256 of the patches that it was fitted to: y is the
  // float network's output, z that of the rounded weights with the inputs that the layers before them give. -1: not watched.
  double output_error = -1;
  double nearest_error = -1;  // The same, had this one layer been rounded to the nearest integers.
};

struct RoundedNetwork {
  Graph graph;
  std::vector<RoundedWeight> weights;  // From input to output.
};

// Rounds the float weights of every Conv, of every Gemm whose rows are output channels (transB), and W and R of every recurrent node,
// whose rows are directions. kCompensated takes Conv and Gemm, from input to output, with the inputs that they get from the
// layers before them as they are already; recurrent nodes, and a Gemm whose input is no computed value, are rounded to the nearest.
// `images`: null for kNearest.
//
// Errors: options out of range; weights that are not finite; for kCompensated images that do not fit the network's one input
// and a value that is not finite. REQUIRES: Validate(graph).ok()
Result<RoundedNetwork> RoundWeights(const Graph& graph, const data::ImageSet* images, const WeightRounding& options);

// The same as all that is done to a network: its activations stay as they are. Errors too: bits 0; no such weights.
Result<RoundedNetwork> RoundWeightsAlone(const Graph& graph, const data::ImageSet* images,
                                         const WeightRounding& options);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_INTEGER_WEIGHTS_H_
