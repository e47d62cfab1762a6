#ifndef LOWBIT_FORMAT_ONNX_CONSTANT_H_
#define LOWBIT_FORMAT_ONNX_CONSTANT_H_

// A tensor whose values the file makes known.

#include <memory>
#include <string>
#include <variant>

#include "lowbit/base/result.h"
#include "lowbit/core/element_type.h"
#include "lowbit/core/qtensor.h"
#include "lowbit/core/tensor.h"

namespace lowbit_onnx {
class Tensor;
}

namespace lowbit::onnx {

struct Constant {
  ElementType type = ElementType::kFloat32;
  std::variant<FloatTensor, Int64Tensor> value;  // Integers for integer types and bool.
  // The same values as low-bit weights, if the file says so, and whether those are the transposed matrix (low_bit.h).
  std::shared_ptr<const QTensor> low_bit = nullptr;
  bool low_bit_transposed = false;

  const Shape& shape() const {
    return std::visit([](const auto& tensor) -> const Shape& { return tensor.shape; }, value);
  }
};
using ConstantPtr = std::shared_ptr<const Constant>;

DoubleTensor Widen(const Constant& constant);
FloatTensor ToFloats(const Constant& constant);
// Of an integer type, `values` are whole; those beyond 64 bits become the nearest end of the range.
ConstantPtr Narrow(ElementType type, const DoubleTensor& values);
ConstantPtr MakeIntegers(std::vector<int64_t> values);
ConstantPtr MakeScalar(double value);
// Whether both are of one type and shape and have the same values.
bool SameValues(const Constant& a, const Constant& b);

// Reads tensors; external ones from `folder`, or not at all if that is empty.
// Errors (without the tensor's name): not a type of numbers, a shape that does not fit the data, a file outside of the
// folder or too short.
Result<ConstantPtr> ReadConstant(const lowbit_onnx::Tensor& tensor, const std::string& folder);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_CONSTANT_H_
