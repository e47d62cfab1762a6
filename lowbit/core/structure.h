#ifndef LOWBIT_CORE_STRUCTURE_H_
#define LOWBIT_CORE_STRUCTURE_H_

#include <string>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/operator.h"

namespace lowbit {

// The half of Validate that needs no shapes: names, definitions before use, known operators, counts and types of
// inputs and attributes, parameter data. After it, an operator's shape rule may be called.
Status CheckStructure(const Graph& graph);

// What of it a node can be asked alone: its attributes, and how many inputs and outputs it has. The message is without
// NodePrefix.
Status CheckForm(const Node& node, const Operator& op);

// "node 'conv2' (Conv): "
std::string NodePrefix(const Node& node);

}  // namespace lowbit

#endif  // LOWBIT_CORE_STRUCTURE_H_
