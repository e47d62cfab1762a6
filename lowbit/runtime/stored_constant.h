#ifndef LOWBIT_RUNTIME_STORED_CONSTANT_H_
#define LOWBIT_RUNTIME_STORED_CONSTANT_H_

#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit::runtime {

// The parameter's values as the runtime stores a value of its shape: NHWC for rank 4, else row-major.
std::vector<float> StoredConstant(const Parameter& parameter);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_STORED_CONSTANT_H_
