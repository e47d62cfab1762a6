#ifndef LOWBIT_CORE_STRUCTURE_H_
#define LOWBIT_CORE_STRUCTURE_H_

#include <string>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

// The half of Validate that needs no shapes: names, definitions before use, known operators, counts and types of
// inputs and attributes, parameter data. After it, an operator's shape rule may be called.
Status CheckStructure(const Graph& graph);

// "node 'conv2' (Conv): "
std::string NodePrefix(const Node& node);

}  // namespace lowbit

#endif  // LOWBIT_CORE_STRUCTURE_H_
