#ifndef LOWBIT_RUNTIME_BOUNDED_VALUE_H_
#define LOWBIT_RUNTIME_BOUNDED_VALUE_H_

// What results are compared with where floats are summed: by tests, and when a network is loaded.

#include <cstdint>
#include <vector>

#include "lowbit/core/tensor.h"

namespace lowbit::runtime {

struct BoundedValue {
  DoubleTensor value;  // What float64 evaluation gives.
  DoubleTensor error;  // How far float arithmetic may be away from it.
};

// Of a node; null where one is left out.
using Operands = std::vector<const BoundedValue*>;

// gamma(n) = n u / (1 - n u) of float, u = 2^-24: the relative error of n roundings.
inline double FloatGamma(int64_t n) {
  const double nu = static_cast<double>(n) * 0x1p-24;
  return nu / (1 - nu);
}

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_BOUNDED_VALUE_H_
