#ifndef LOWBIT_TRAIN_INTEGER_NETWORK_H_
#define LOWBIT_TRAIN_INTEGER_NETWORK_H_

#include <string>

#include "lowbit/core/graph.h"
#include "lowbit/train/network.h"

namespace lowbit::train {

// A network with quantized activations (Export(Weights::kFrozen)) as the packed file will compute it: the integer form
// (core/integer_form.h) with each node's result rounded to float, by libtorch. In Mode::kEval, every value of integers and
// everything behind them has the bits of Evaluate(integer form, ..., Rounding::kFloat) and of the runtime, whatever the batch
// and the number of threads. Layers that are left in float are added up in double, in any order, and rounded once.
//
// Sums of products are exact: they stay below 2^31, and a double counts to 2^53. It costs a few times what the float network
// costs, and is for evaluation only. Throws as Network::Create.
Network CreateIntegerNetwork(const Graph& frozen, const std::string& device);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_INTEGER_NETWORK_H_
