#ifndef LOWBIT_COMPRESS_QUANTIZE_STATES_H_
#define LOWBIT_COMPRESS_QUANTIZE_STATES_H_

#include <string>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit::compress {

// Puts the states of recurrent nodes on grids of `bits` bits (attributes hidden_bits and hidden_scale), where products with
// them then run in integers: R has integers, the functions are Sigmoid and Tanh, so that no state leaves +-1, or +-the largest
// magnitude that it begins with, and what it begins with is known. The grid's last value is that limit.
// Returns a sentence for each node that is left as it is.
std::vector<std::string> QuantizeStates(int bits, Graph* graph);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_QUANTIZE_STATES_H_
