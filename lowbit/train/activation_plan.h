#ifndef LOWBIT_TRAIN_ACTIVATION_PLAN_H_
#define LOWBIT_TRAIN_ACTIVATION_PLAN_H_

#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/recipe/recipe.h"

namespace lowbit::train {

// The graph that a recipe's [quantize.activations] trains: a Quant behind each value that a product with quantized weights
// reads, signed where the value can be negative. Scales that are measured are 1 and of role kStatistic, those that are trained too
// are of role kBias without decay: the start of a run measures them (trainer/calibrate_activations.h), and a checkpoint
// keeps them. With a bipolar method, a BipolarQuant behind all but what the first and the last product read; a Relu before it,
// whose signs would all be 1, becomes an Identity. Without the table it is the graph.
// Errors: a name to skip that is no product; nothing to quantize; an unknown method; a value whose sign is always the same.
// REQUIRES: Validate(graph).ok().
Result<Graph> QuantizeActivations(const Graph& graph, const recipe::QuantizeSection& quantize);

// The nodes Quant of a graph whose scale is measured, in their order; it may be trained afterwards.
std::vector<const Node*> MeasuredQuantizers(const Graph& graph);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_ACTIVATION_PLAN_H_
