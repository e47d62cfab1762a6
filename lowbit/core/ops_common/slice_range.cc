#include "lowbit/core/ops_common/slice_range.h"

#include <algorithm>

namespace lowbit::ops {
namespace {

int64_t ClampBound(int64_t bound, int64_t extent, int64_t low, int64_t high) {
  return std::clamp(bound < 0 ? bound + extent : bound, low, high);
}

}  // namespace

SliceRange RangeOfSlice(int64_t start, int64_t end, int64_t step, int64_t extent) {
  if (extent == 0) return {};
  // Backwards, the end lies before the first element.
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
  start = ClampBound(start, extent, step > 0 ? low : 0, high);
  end = ClampBound(end, extent, low, high);
  const int64_t distance = step > 0 ? end - start : start - end;
  if (distance <= 0) return {start, 0};
  const int64_t stride = step > 0 ? step : -step;
  return {start, (distance - 1) / stride + 1};
}

}  // namespace lowbit::ops
