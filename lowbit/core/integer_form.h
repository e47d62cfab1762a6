#ifndef LOWBIT_CORE_INTEGER_FORM_H_
#define LOWBIT_CORE_INTEGER_FORM_H_

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

// Whether the node quantizes activations: Quant, BipolarQuant or LevelQuant.
bool IsQuantizer(const Node& node);

// Whether a node of the graph does, or a recurrent node quantizes its state (attribute hidden_bits).
bool QuantizesActivations(const Graph& graph);

// The same network with its low-bit layers in integers and the scales outside of them, which is how it is executed:
//
//   Quant, LevelQuant       x * (1/s) -> Mul; then the quantizer with scale 1, whose values are integers
//   Conv, Gemm              of such integers with low-bit weights of integer values: weights with scale 1, no bias; then
//   (a "product")           Mul by s * weight scale and Add of the bias, for each channel, batch normalization and
//                           arithmetic by channels that follow folded in
//   MaxPool, AveragePool,   of integers stay on integers
//   shapes, Relu, Dropout
//   BatchNormalization      elsewhere: Mul and Add
//   RNN, GRU, LSTM          a product and a Recurrence (recurrent_form.h); with hidden_bits and weights R of integer values,
//                           the latter in integers and float32
//   others                  of values, which Mul by s makes of integers
//
// Constants are computed in double and rounded to float once. A product whose sums could leave 32 bits, or whose weights
// are no integers times a power of two, keeps its float form. Node and value names are kept where both forms have the
// value; what is new is named after its node ("conv1/scale") or value ("relu1/codes").
//
// In exact arithmetic both graphs compute the same, but for codes whose input lies within rounding of the middle between
// two. What is bit for bit the same everywhere is the integer form with each node's result rounded to float: see
// Evaluate(Rounding::kFloat) and docs/integers.md.
// Errors: as Validate.
Result<Graph> ToIntegerForm(const Graph& graph);

}  // namespace lowbit

#endif  // LOWBIT_CORE_INTEGER_FORM_H_
