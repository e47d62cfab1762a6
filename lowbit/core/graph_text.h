#ifndef LOWBIT_CORE_GRAPH_TEXT_H_
#define LOWBIT_CORE_GRAPH_TEXT_H_

#include <string>

#include "lowbit/core/graph.h"

namespace lowbit {

// The graph as text for people and for tests: one line for each input and node, shapes at batch 1, parameters with
// their kind, then the outputs. A graph that is not valid is described all the same, without shapes; the last line then
// says what is wrong.
//
//   input image [1, 1, 28, 28]
//   conv1: Conv(image, conv1.weight ternary [32, 1, 3, 3]) pads=[1, 1, 1, 1] -> conv1 [1, 32, 28, 28]
//   output logits
std::string Describe(const Graph& graph);

// "3", "0.5", "SAME_UPPER", "[1, 1]"
std::string AttributeText(const Attribute& attribute);

}  // namespace lowbit

#endif  // LOWBIT_CORE_GRAPH_TEXT_H_
