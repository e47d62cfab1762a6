#ifndef LOWBIT_TRAIN_RELU_OF_QUANTIZER_H_
#define LOWBIT_TRAIN_RELU_OF_QUANTIZER_H_

#include "lowbit/core/graph.h"
#include "lowbit/train/activation_method.h"

namespace lowbit::train {

// The Relu that makes what `node` reads and whose work the node can do along, so that it costs no passes of its own over memory;
// null where there is none. Such a node is a Quant or LevelQuant that makes the same of x as of max(x, 0) because its least value
// is not below 0; nobody else reads what the Relu makes. `activation`: the recipe's, may be null. Goes through all nodes.
const Node* ReluOfQuantizer(const Graph& graph, const Node& node, const ActivationMethod* activation);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_RELU_OF_QUANTIZER_H_
