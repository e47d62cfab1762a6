#include "lowbit/core/ops_common/lookup.h"

#include <cmath>

namespace lowbit::ops {

int64_t PositionOf(double index, int64_t extent) {
  const double from_start = index < 0 ? index + static_cast<double>(extent) : index;
  if (!(from_start > 0)) return 0;
  return from_start < static_cast<double>(extent) ? static_cast<int64_t>(from_start) : extent - 1;
}

Status CheckPositions(const InputView& indices, int64_t extent) {
  if (indices.floats == nullptr) return Ok();
  for (const float index : indices.floats->data) {
    if (std::trunc(index) >= static_cast<float>(-extent) && index < static_cast<float>(extent)) continue;
    return Invalid("index " + std::to_string(index) + " is outside a dimension of " + std::to_string(extent));
  }
  return Ok();
}

}  // namespace lowbit::ops
