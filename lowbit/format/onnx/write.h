#ifndef LOWBIT_FORMAT_ONNX_WRITE_H_
#define LOWBIT_FORMAT_ONNX_WRITE_H_

// ONNX files out: a Graph for other tools.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::onnx {

// How low-bit weights and quantized activations are written. Everything else is the same in all flavors.
enum class Flavor {
  kFloat,        // Plain floats; the grids of activations step by step. Opset 17.
  kQdq,          // int8 and uint8 with QuantizeLinear and DequantizeLinear. Opset 17.
  kInt4,         // The same, with weights of up to 4 bits as INT4 or UINT4. Opset 21.
  kInt2,         // The same, with weights of up to 2 bits as INT2 or UINT2. Opset 25.
  kMatMulNBits,  // As kInt4, but linear layers by ONNX Runtime's operator of that name, of 2, 4 or 8 bits.
  kQonnx,        // QONNX's Quant and BipolarQuant.
};

// "float", "qdq", "int4", "int2", "matmulnbits", "qonnx", in the order of the enumerators.
const std::vector<std::string>& FlavorNames();
// Error: none of these; names the nearest.
Result<Flavor> ParseFlavor(const std::string& name);

// The most that protobuf reads.
inline constexpr uint64_t kMaxFileBytes = (uint64_t{1} << 31) - 1;

struct WriteOptions {
  // Weights go into a second file, "<path>.data". Without it they do where the one file would be larger than max_bytes.
  bool external_data = false;
  uint64_t max_bytes = kMaxFileBytes;
};

struct WrittenFiles {
  int64_t model_bytes = 0, data_bytes = 0;
  std::string data_path;  // Empty where all is in the model's file.
};

// Writes the network as the file `path`, the data first, both atomically. Where only the first was written, it is removed: a
// model that was there before then misses its data, and no reader takes the one for the other's.
// Errors: as Encode, though not for large weights; files that cannot be written.
Result<WrittenFiles> Write(const Graph& graph, Flavor flavor, const std::string& path,
                           const WriteOptions& options = {});

// The bytes of an ONNX file of the network. Names of nodes, values, parameters, inputs and outputs stay; the batch is called
// "batch"; metadata goes under "lowbit.<key>". In every flavor but kFloat and kQonnx, low-bit weights that are no
// integers times a scale (tables, codebooks) are written as a Gather of their values by codes of 8 bits.
// Errors: as Validate; a node, by name, that the flavor has no form for, and what to choose instead; nothing in the
// network that the flavor is for; more than 2 GiB.
Result<std::string> Encode(const Graph& graph, Flavor flavor);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_WRITE_H_
