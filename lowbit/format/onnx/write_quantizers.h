#ifndef LOWBIT_FORMAT_ONNX_WRITE_QUANTIZERS_H_
#define LOWBIT_FORMAT_ONNX_WRITE_QUANTIZERS_H_

// Quantized activations (Quant, BipolarQuant) in the forms that ONNX has for them.

#include <string>

#include "lowbit/base/result.h"
#include "lowbit/core/uniform_grid.h"
#include "lowbit/format/onnx/file_builder.h"

namespace lowbit::onnx {

// Each adds nodes that compute `output` from `input`, and gives the numbers that the operator's definition does.

// scale * (clip(round(input / scale) + zero point) - zero point), step by step in floats.
void WriteGridSteps(const UniformGrid& grid, const std::string& input, const std::string& output, FileBuilder* file);
// QuantizeLinear and DequantizeLinear of int8 or uint8, behind a Clip where the grid is narrower than these.
// Error: the grid does not fit either.
Status WriteQdq(const UniformGrid& grid, const std::string& input, const std::string& output, FileBuilder* file);
// scale where input >= 0, else -scale.
void WriteSigns(double scale, const std::string& input, const std::string& output, FileBuilder* file);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_WRITE_QUANTIZERS_H_
