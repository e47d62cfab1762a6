#ifndef LOWBIT_FORMAT_ONNX_BATCH_H_
#define LOWBIT_FORMAT_ONNX_BATCH_H_

#include "lowbit/format/onnx/builder.h"

namespace lowbit::onnx {

// Input i of an operator, a constant that differs between the sizes of the batch, as one constant that says the same for
// every batch. Error: there is none.
Result<ConstantPtr> ForEveryBatch(const std::string& op, const std::vector<Value>& inputs, size_t i);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_BATCH_H_
