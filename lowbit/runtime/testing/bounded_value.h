#ifndef LOWBIT_RUNTIME_TESTING_BOUNDED_VALUE_H_
#define LOWBIT_RUNTIME_TESTING_BOUNDED_VALUE_H_

#include <vector>

#include "lowbit/core/tensor.h"

namespace lowbit::runtime::testing {

struct BoundedValue {
  DoubleTensor value;  // What float64 evaluation gives.
  DoubleTensor error;  // How far float arithmetic may be away from it.
};

// Of a node; null where one is left out.
using Operands = std::vector<const BoundedValue*>;

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_BOUNDED_VALUE_H_
