#ifndef LOWBIT_CORE_TENSOR_H_
#define LOWBIT_CORE_TENSOR_H_

#include <cstdint>
#include <vector>

#include "lowbit/core/shape.h"

namespace lowbit {

// A dense array: Elements(shape) values, row-major.
template <typename T>
struct Tensor {
  Shape shape;
  std::vector<T> data;

  Tensor() = default;
  explicit Tensor(Shape s) : shape(std::move(s)), data(static_cast<size_t>(Elements(shape))) {}
  Tensor(Shape s, std::vector<T> d) : shape(std::move(s)), data(std::move(d)) {}
};

using FloatTensor = Tensor<float>;
using DoubleTensor = Tensor<double>;
using Int64Tensor = Tensor<int64_t>;

}  // namespace lowbit

#endif  // LOWBIT_CORE_TENSOR_H_
