#ifndef LOWBIT_FORMAT_ONNX_PRODUCTS_H_
#define LOWBIT_FORMAT_ONNX_PRODUCTS_H_

#include <vector>

#include "lowbit/format/onnx/builder.h"

namespace lowbit::onnx {

// Whether MultiplyByRows can be asked: not where two extents of x depend on the batch, or x has less than two.
bool HasRowsOfValues(const Value& x);

// x w^T for weights w with a row for each entry of the last dimension, as a Gemm, which methods quantize and kernels know: of more than
// two dimensions all but the last are x's rows. REQUIRES: HasRowsOfValues(x)
Result<std::vector<Value>> MultiplyByRows(Value x, const Value& w, Builder* builder);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_PRODUCTS_H_
