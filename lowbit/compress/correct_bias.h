#ifndef LOWBIT_COMPRESS_CORRECT_BIAS_H_
#define LOWBIT_COMPRESS_CORRECT_BIAS_H_

#include <cstdint>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"

namespace lowbit::compress {

// Takes back how far rounding shifts the mean of each output channel of a Conv or Gemm, over images and places, layer by layer in the
// order of execution and with the layers before corrected already (Nagel et al. 2019, section 4.2, with means that are measured in
// place of those that batch normalization implies):
//
//   bias[c] += mean of the layer's output c in `network` - mean of it in `quantized`
//
// A layer without a bias gets one, "<layer>.bias". `quantized` is made from `network`: layers and their values have the same names.
// Layers whose means agree to the last bit stay as they are, and so does a Gemm whose bias is no vector of its output channels, or is
// multiplied by 0. Takes up to `samples` images, evenly spread over the set; what comes out does not depend on `threads` (0: all
// cores). Of n layers, costs about n / 2 runs of both networks over the samples. Errors: as WatchOnImages.
Result<Graph> CorrectBias(const Graph& network, Graph quantized, const data::ImageSet& images, int64_t samples,
                          int threads);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_CORRECT_BIAS_H_
