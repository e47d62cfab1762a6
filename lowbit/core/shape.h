#ifndef LOWBIT_CORE_SHAPE_H_
#define LOWBIT_CORE_SHAPE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit {

// Extents, outermost first; the storage order of every tensor is row-major (the last dimension is contiguous).
// Images are NCHW, as in ONNX. An empty Shape is a scalar (one element).
using Shape = std::vector<int64_t>;

// The extent of a graph input that is known only when it runs; allowed for the first dimension (the batch) alone.
inline constexpr int64_t kDynamic = -1;

// The largest number of elements that a tensor may have; sizes in bytes then fit 63 bits.
inline constexpr int64_t kMaxElements = int64_t{1} << 40;

// Product of the extents. Errors: an extent below 0, or more than kMaxElements.
Result<int64_t> CheckedElements(const Shape& shape);

// Product of the extents. REQUIRES: CheckedElements(shape).ok()
int64_t Elements(const Shape& shape);

// "[2, 3, 32, 32]"
std::string ToString(const Shape& shape);

}  // namespace lowbit

#endif  // LOWBIT_CORE_SHAPE_H_
