#ifndef LOWBIT_RUNTIME_STORAGE_STRIDES_H_
#define LOWBIT_RUNTIME_STORAGE_STRIDES_H_

#include <cstdint>
#include <vector>

#include "lowbit/core/shape.h"

namespace lowbit::runtime {

// The runtime's order of a value's dimensions in memory, outermost first: N, H, W, C for rank 4, else as they come.
std::vector<size_t> StorageOrder(size_t rank);

// For each dimension, the distance of neighbours along it, in elements, as the runtime stores a value of that shape.
std::vector<int64_t> StorageStrides(const Shape& shape);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_STORAGE_STRIDES_H_
