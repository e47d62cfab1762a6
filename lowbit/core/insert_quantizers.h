#ifndef LOWBIT_CORE_INSERT_QUANTIZERS_H_
#define LOWBIT_CORE_INSERT_QUANTIZERS_H_

// Quantized activations as a change of the graph: where they can be, and putting them there. Who measures the scales (a
// training run, a calibration) is not said here.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit {

// The grid of one value: integers of `bits` bits times scale, 0 among them, with zero point 0.
// Signed: [-2^(bits-1), 2^(bits-1) - 1], 2..24 bits; unsigned: [0, 2^bits - 1], 1..24 bits.
struct ActivationGrid {
  double scale = 1;  // Positive and finite as a float.
  int bits = 8;
  bool is_signed = true;
};

// A value that products read.
struct QuantizableValue {
  std::string value;
  std::vector<std::string> products;  // The nodes whose data input it is, in the order of execution.
  // It cannot be below 0, whatever the weights are: it comes from Relu, a Clip from 0 on, Sigmoid and the like, or is
  // made by pools, shapes, sums of such values.
  bool nonnegative = false;
};

// The values that are the data input of a product, a node with one of those operators, and do not lie on a grid yet, in the
// order in which their first product runs. REQUIRES: Validate(graph).ok().
std::vector<QuantizableValue> QuantizableValues(const Graph& graph,
                                                const std::set<std::string>& readers = {"Conv", "Gemm"});

// Puts a Quant behind each of these values. Every node that read the value then reads the quantized one,
// "<value>/quant" (a residual addition too: both branches see the same integers); graph outputs stay as they are. The
// grid's parameters are constants "<value>/quant/scale", "/zero_point" and "/bits".
// REQUIRES: Validate(graph).ok(); each value is a graph input or what a node computes; grids within their ranges.
Graph InsertQuantizers(const Graph& graph, const std::map<std::string, ActivationGrid>& grids);

}  // namespace lowbit

#endif  // LOWBIT_CORE_INSERT_QUANTIZERS_H_
