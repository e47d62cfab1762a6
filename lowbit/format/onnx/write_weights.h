#ifndef LOWBIT_FORMAT_ONNX_WRITE_WEIGHTS_H_
#define LOWBIT_FORMAT_ONNX_WRITE_WEIGHTS_H_

// Low-bit weights in the forms that ONNX and its relatives have for them.

#include <optional>
#include <string>

#include "lowbit/core/qtensor.h"
#include "lowbit/format/onnx/file_builder.h"

namespace lowbit::onnx {

// Weights as small integers: weight = scale * (stored - zero_point), the same float as Dequantize gives.
struct StoredIntegers {
  int bits = 8;
  bool is_signed = true;  // Then zero_point is 0.
  int64_t zero_point = 0;
  Int64Tensor values;         // Stored ones, in the shape of the weights.
  std::vector<float> scales;  // As the QTensor's: one, or one for each row.
};

// In the narrowest width of at least `least_bits` (2, 4, 8) that holds every value of the set; signed where that is no
// wider. Nothing where the values are no integers times a power of two, or need more than 8 bits.
std::optional<StoredIntegers> AsStoredIntegers(const QTensor& tensor, int least_bits);

// Adds nodes whose output is named `name`, and says false where the form has no place for such weights.
//
// DequantizeLinear of integers of 8 bits, or of 4 or 2 where `least_bits` says so.
bool WriteDequantized(const std::string& name, const QTensor& tensor, int least_bits, FileBuilder* file);
// A Gather of values or vectors by codes of 8 bits: any value set. Always true.
bool WriteGathered(const std::string& name, const QTensor& tensor, FileBuilder* file);
// QONNX: floats and the Quant or BipolarQuant that leaves them as they are.
bool WriteQonnx(const std::string& name, const QTensor& tensor, FileBuilder* file);

// The node's product as MatMulNBits and what else it takes; false where it is no Gemm of x and integer weights by rows.
// REQUIRES: `tensor` is the node's input 1, of two dimensions. `inputs`: the node's, as the file has them.
bool WriteMatMulNBits(const Node& node, const std::vector<std::string>& inputs, const QTensor& tensor,
                      FileBuilder* file);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_WRITE_WEIGHTS_H_
