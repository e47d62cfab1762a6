#ifndef LOWBIT_COMPRESS_ROUNDING_COMPENSATE_LAYER_H_
#define LOWBIT_COMPRESS_ROUNDING_COMPENSATE_LAYER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/compress/rounding/row_grid.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"

namespace lowbit::compress {

// The networks before and so far, and what they are run on.
struct RoundingInputs {
  const Graph* before;           // With all its float weights.
  const Graph* now;              // The same with the weights of earlier layers rounded.
  const data::ImageSet* images;  // REQUIRES: CheckImages(*before, *images).ok()
  int64_t samples = 0;
  ThreadPool* pool = nullptr;
};

struct CompensatedLayer {
  QTensor weight;
  double output_error = 0, nearest_error = 0;  // As those of RoundedWeight.
};

// Output positions of a layer that are looked at, over all images, where there are as many.
inline constexpr int64_t kRoundingPositions = 16384;
// Share of the mean square input that each input's is raised by: GPTQ's.
inline constexpr double kRoundingDampening = .01;

// Rounds the float weight `name`, which `nodes` of `before` (Conv, or Gemm with transB and without transA; at least one) read, to
// integers of `bits` bits so that the outputs of these layers, with inputs as `now` computes them, come close to those that
// `before` has: each row is moved toward those (CompensatedRounding::Toward) and rounded. With kMax its step is that of the
// row so moved; with kMeanSquaredError that step and 1.05^k of it, k = -6..6, are tried, and the one with the least error of the
// outputs is taken. Errors: an input that is not finite.
Result<CompensatedLayer> CompensateLayer(const RoundingInputs& inputs, const std::string& name,
                                         const std::vector<const Node*>& nodes, int bits, WeightRange range);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_ROUNDING_COMPENSATE_LAYER_H_
