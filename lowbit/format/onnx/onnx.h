#ifndef LOWBIT_FORMAT_ONNX_ONNX_H_
#define LOWBIT_FORMAT_ONNX_ONNX_H_

// ONNX files in: a network of another tool becomes a Graph.
//
// Read are IR versions 3 to 13 and opsets 1 to 25 of the operators in docs/onnx-operators.md, QONNX's Quant, BipolarQuant
// and Trunc, and the operators of ONNX Runtime's quantizer and optimizer. An If whose condition is known is the branch that
// it takes. Integers stay integers where a Graph has a form for them (docs/onnx.md). Weights are inside of the file or beside
// it. Everything that the file makes known is computed at once, in float64: what Shape nodes feed, Constant nodes, operators
// whose forms differ between opsets. What remains computes with floats: where an integer type would drop a fraction or upper
// bits, a Cast says so, and integers beyond 2^24 are not exact in the runtime.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"

namespace lowbit::onnx {

struct ReadOptions {
  // The shapes of these inputs instead of those in the file; needed where a file leaves more open than the first extent,
  // which may be kDynamic here too.
  std::map<std::string, Shape> shapes = {};
  // Inputs that are known beforehand and become part of the network: those that decide shapes (Reshape's target) must be.
  std::map<std::string, DoubleTensor> constants = {};
  // The same as numbers alone, in the shape that the file says, or a list where it leaves that open.
  std::map<std::string, std::vector<double>> values = {};
};

// The network in `path`; external data is looked for in its folder and nowhere else. An input whose first extent is open
// takes any batch.
//
// Errors: not there; no ONNX, or damaged; an IR version or opset outside the ranges; nodes that are not supported (one
// message names all of them); shapes that stay open or do not fit; data of the wrong size, or outside of the folder.
// Memory: about three times the file.
Result<Graph> Read(const std::string& path, const ReadOptions& options = {});

// The same of bytes. `name` begins every message; `folder` is where external data is, empty: nowhere.
Result<Graph> Decode(Span<const uint8_t> bytes, const std::string& name, const std::string& folder,
                     const ReadOptions& options = {});

// What a file asks for, without reading its weights.
struct Summary {
  std::vector<std::string> inputs;     // Those that are no initializers.
  std::vector<std::string> operators;  // Of the nodes, in order.
};
// Errors: not there; no ONNX, or damaged.
Result<Summary> Summarize(const std::string& path);

// A tensor of numbers in a file of its own, as ONNX's tests keep them. Errors: damaged, or no numbers.
Result<DoubleTensor> ReadTensor(const std::string& path);

// The operators that Read knows, sorted.
std::vector<std::string> SupportedOperators();

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_ONNX_H_
