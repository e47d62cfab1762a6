#ifndef LOWBIT_COMPRESS_CALIBRATE_H_
#define LOWBIT_COMPRESS_CALIBRATE_H_

#include <functional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/compress/integer_weights.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"

namespace lowbit::compress {

// How the step of an activation's grid is chosen from the values that it takes.
enum class RangeRule {
  kMinMax,            // The largest magnitude is the last grid value.
  kPercentile,        // A magnitude that `percentile` % of the values do not exceed is.
  kMeanSquaredError,  // The grid with the least mean squared error among 128 sizes, 3 % apart.
};

struct CalibrationOptions {
  RangeRule rule = RangeRule::kMeanSquaredError;
  double percentile = 99.99;  // kPercentile: in (0, 100].
  int bits = 8;               // Of activations: 2..8.
  int edge_bits = 8;          // Of the inputs of the first and the last product.
  int weight_bits = 8;        // Of product weights that are float: 2..8; 0: they stay float, and so does the product.
  std::optional<int> edge_weight_bits;      // Of the first and the last product; as weight_bits if not set.
  std::optional<WeightRange> weight_range;  // How steps of weights are chosen; as WeightRounding::range if not set.
  Rounding rounding = Rounding::kNearest;   // And how weights are rounded to them.
  int keep_float = 0;     // Activations that stay float: those whose grids alone put the outputs farthest off.
  int64_t samples = 512;  // Images of the set's training part, evenly spread; all if there are fewer.
  int threads = 1;        // 0: all cores. What comes out does not depend on it.
};

// What became of one activation.
struct CalibratedValue {
  std::string value;                  // In the graph that was given.
  std::vector<std::string> products;  // The layers that it feeds.
  int bits = 8;                       // 0: it stays float, and scale and errors say what its grid would have been.
  bool is_signed = true;
  double scale = 1;
  double largest = 0;         // Magnitude in the samples.
  double clipped_share = 0;   // Of the samples' values, beyond the grid.
  double relative_error = 0;  // Root mean squared error of the grid, by the root mean square of the values.
  // How far this grid alone puts the network's first output off (OutputErrors); below 0: not measured.
  double output_error = -1;
};

struct Calibration {
  Graph graph;  // With a Quant behind each value but those that stay float.
  std::vector<CalibratedValue> values;
  std::vector<RoundedWeight> weights;
  std::vector<std::string> warnings;  // "activation 'x' is 0 in all 512 samples"
  int64_t samples = 0;
};

// What of the options is about weights.
WeightRounding WeightsOf(const CalibrationOptions& options);

// Called after each batch with the samples seen and those wanted.
using CalibrationProgress = std::function<void(int64_t done, int64_t of)>;

// Quantizes the activations of a network with one image input: runs it on images of the set (raw pixels, in the order of
// the set), chooses a grid for each value that feeds a Conv, Gemm or recurrent node, and puts a Quant there. Grids of values that cannot
// be negative are unsigned, others symmetric. Product weights that are float become integers of weight_bits first (RoundWeights,
// WeightsOf). With keep_float, up to 64 of the samples are run once more for each grid (OutputErrors). States of recurrent nodes get grids of `bits` bits (quantize_states.h).
//
// Errors: options out of range; no product to quantize; activations quantized already; images that do not fit the input;
// a value that is not finite.
Result<Calibration> Calibrate(const Graph& graph, const data::ImageSet& images, const CalibrationOptions& options,
                              const CalibrationProgress& progress = nullptr);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_CALIBRATE_H_
