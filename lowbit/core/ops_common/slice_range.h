#ifndef LOWBIT_CORE_OPS_COMMON_SLICE_RANGE_H_
#define LOWBIT_CORE_OPS_COMMON_SLICE_RANGE_H_

#include <cstdint>

namespace lowbit::ops {

// What a slice start:end:step takes of a dimension: `count` elements (perhaps none) from `start` on.
struct SliceRange {
  int64_t start = 0, count = 0;
};

// The bounds as numpy reads them: negative ones count from the end, those outside are moved inside.
// REQUIRES: step != 0, extent >= 0
SliceRange RangeOfSlice(int64_t start, int64_t end, int64_t step, int64_t extent);

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_SLICE_RANGE_H_
