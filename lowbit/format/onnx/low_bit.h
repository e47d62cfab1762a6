#ifndef LOWBIT_FORMAT_ONNX_LOW_BIT_H_
#define LOWBIT_FORMAT_ONNX_LOW_BIT_H_

// Low-bit weights that a file spells out: integers, and a scale for all or for each entry of a dimension.

#include <optional>

#include "lowbit/core/qtensor.h"
#include "lowbit/format/onnx/constant.h"

namespace lowbit::onnx {

// factor * integers as floats that are known to be low-bit weights. `factor` broadcasts to the integers. Null where they
// are no QTensor: no integers up to kMaxIntegerWeight, more than 256 different ones, scales along several dimensions or along one that is neither the first
// nor that of a matrix's columns, scales that are not finite.
ConstantPtr MakeLowBit(const DoubleTensor& integers, const DoubleTensor& factor);

// The same of a matrix the other way round. REQUIRES: constant->low_bit, two dimensions
ConstantPtr TransposeLowBit(const Constant& constant);

// Whether the constant's rows (or with `transposed`, its columns) are those of low-bit weights.
bool HasRows(const Constant& constant, bool transposed);
// Those weights, and the same as a constant whose rows they are. REQUIRES: HasRows(constant, transposed)
QTensor RowsOf(const Constant& constant, bool transposed);
ConstantPtr MakeRows(const Constant& constant, bool transposed);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_LOW_BIT_H_
