#ifndef LOWBIT_FORMAT_ONNX_QUANTIZATION_H_
#define LOWBIT_FORMAT_ONNX_QUANTIZATION_H_

// From integers of a file to the numbers that they stand for, and back. Where the Graph has a form for the integers, that is
// taken: Quant for what the network computes with one scale, low-bit weights for constants. Elsewhere they are spelled out in
// arithmetic, which is the same in exact numbers.

#include <optional>

#include "lowbit/format/onnx/builder.h"

namespace lowbit::onnx {

// The one number of a value that is known.
std::optional<double> KnownScalar(const Value& value);

// Scales and zero points of one value for each entry along an axis of x get the dimensions behind it.
Result<Value> AlongAxis(const Value& x, const Value& parameter, int64_t axis, Builder* builder);

// The same numbers, of type float.
Result<Value> AsFloat(const Value& value, Builder* builder);

// x - zero_point, whose values are known, times a scale, as low-bit weights; null where they are none.
Result<ConstantPtr> AsWeights(const Value& shifted, const Value& factor);

// scale * (x - zero_point); an absent zero point is 0.
Result<Value> Dequantize(const Value& x, const Value& scale, const Value& zero_point, int64_t axis, Builder* builder);

// round(x / scale) + zero_point, halves to even, cut to the range of the zero point's type (absent: uint8).
Result<Value> Quantize(const Value& x, const Value& scale, const Value& zero_point, int64_t axis, Builder* builder);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_QUANTIZATION_H_
