#ifndef LOWBIT_FORMAT_ONNX_WRITE_TRUNC_H_
#define LOWBIT_FORMAT_ONNX_WRITE_TRUNC_H_

// QONNX's Trunc, which a Graph has in arithmetic: what the reader makes of the operator is recognized and becomes it again.

#include <map>
#include <set>
#include <string>

#include "lowbit/core/graph.h"
#include "lowbit/format/onnx/file_builder.h"

namespace lowbit::onnx {

// A Mul by a constant, a Sub of one and a Quant that together drop the lowest bits of integers: n -> floor(n / 2^k).
struct Truncation {
  std::string input;
  double scale = 1, bits = 8;          // Of the integers that come in.
  double out_scale = 1, out_bits = 8;  // Of those that remain.
  bool is_signed = true;
  int64_t version = 2;  // Of the operator: in the first the remaining integers have the scale of the others.
};

struct Truncations {
  std::map<std::string, Truncation> by_quant;  // By the name of the Quant.
  std::set<std::string> parts;                 // Names of the other nodes, which go with it.
};

// Those whose Trunc the reader turns into the same three nodes with the same constants, to the last bit. A file has one
// version of the operator: if the second is needed, nodes of the first are left as they are.
Truncations FindTruncations(const Graph& graph);

// The node with the name and the output of `quant`; `input` is its input as the file has it.
void WriteTruncation(const Truncation& truncation, const Node& quant, const std::string& input, FileBuilder* file);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_WRITE_TRUNC_H_
