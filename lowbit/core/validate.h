#ifndef LOWBIT_CORE_VALIDATE_H_
#define LOWBIT_CORE_VALIDATE_H_

#include <map>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/operator.h"

namespace lowbit {

// Shapes of all values (inputs, parameters, node outputs) when the dynamic batch extent is `batch`.
// REQUIRES: batch >= 1. Errors: as Validate.
Result<std::map<std::string, Shape>> InferShapes(const Graph& graph, int64_t batch);

// What an operator sees of the node's inputs. REQUIRES: CheckStructure(graph).ok(), `shapes` of those values; the views
// live as long as the graph does.
std::vector<InputView> ViewInputs(const Graph& graph, const Node& node, const std::map<std::string, Shape>& shapes);

// Whether the graph can run: unique names, known operators, inputs defined before use, number of inputs and outputs,
// attribute names and types, operators' own rules, shapes that fit, parameters whose data matches their shape and
// whose low-bit tensors are valid, outputs that exist. The message names the node and the rule:
// "node 'conv2' (Conv): weight has 3 input channels for each group; input has 4".
Status Validate(const Graph& graph);

}  // namespace lowbit

#endif  // LOWBIT_CORE_VALIDATE_H_
