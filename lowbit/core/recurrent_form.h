#ifndef LOWBIT_CORE_RECURRENT_FORM_H_
#define LOWBIT_CORE_RECURRENT_FORM_H_

#include "lowbit/core/graph.h"

namespace lowbit {

// The same network with the products of recurrent nodes with W, which need no step before another, as one matrix product:
//
//   Reshape     X to one row for each step of each sequence       "NAME/rows"
//   Gemm        by W, of all directions and gates; the biases     "NAME/inputs", weights "NAME/weight"
//   Reshape     back                                              "NAME/gates"
//   Recurrence  by R                                              NAME
//
// So that product is executed like any other: with low-bit weights, and in integers if X is quantized. A codebook in W whose
// vectors run across its rows becomes integers of 8 bits where it has such, else floats.
// Left as they are: nodes whose W, R or B are computed, or whose steps and batch are both open.
// REQUIRES: Validate(graph).ok()
Graph ToRecurrences(const Graph& graph);

}  // namespace lowbit

#endif  // LOWBIT_CORE_RECURRENT_FORM_H_
