#ifndef LOWBIT_CORE_OPS_COMMON_PAD_SOURCE_H_
#define LOWBIT_CORE_OPS_COMMON_PAD_SOURCE_H_

// What Pad fills the places around its input with. Executors may use it too.

#include "lowbit/core/operator.h"

namespace lowbit::ops {

enum class PadMode {
  kConstant,
  kEdge,     // The nearest element.
  kReflect,  // The elements mirrored at the border element, which is not repeated.
  kWrap,     // The elements from the other end on.
};

// The attribute `mode`. Error: another name.
Result<PadMode> PadModeOf(const Node& node);

inline constexpr int64_t kConstantPlace = -1;

// The place in a dimension of the input that `place`, counted from its first element, is filled from, or kConstantPlace.
int64_t PadSource(PadMode mode, int64_t place, int64_t extent);

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_PAD_SOURCE_H_
