#ifndef LOWBIT_COMPRESS_PRODUCT_CHANNEL_GAINS_H_
#define LOWBIT_COMPRESS_PRODUCT_CHANNEL_GAINS_H_

#include <string>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit::compress {

// Makes the rows of a weight (one for each output channel) equal in norm, where what they are multiplied with can be given to
// the batch normalization behind the layer, and returns the gains: row = gain * what is left in `rows`. The network with
// `rows` in place of the weight computes what it computed, in training too: mean / gain, (variance + epsilon) / gain^2 -
// epsilon. It costs no bytes.
//
// Gains are relative to their root mean square, and at most what leaves a variance of 0. A row of zeros has gain 1.
// Empty, and nothing changes, where the weight has several nodes or something else reads the layer's output.
std::vector<float> TakeGains(const std::vector<std::string>& nodes, FloatTensor* rows, Graph* graph);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_PRODUCT_CHANNEL_GAINS_H_
