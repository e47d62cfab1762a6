#ifndef LOWBIT_CORE_OPS_COMMON_LOOKUP_H_
#define LOWBIT_CORE_OPS_COMMON_LOOKUP_H_

// Positions that are data: the indices of Gather, Scatter and their relatives. They are values like any other, and may be
// computed while the network runs, so a wrong one cannot be an error there: it counts as the nearest right one.

#include "lowbit/core/operator.h"

namespace lowbit::ops {

// The position that `index` names among `extent`: negative ones count from the end; others, and NaN, are moved inside.
int64_t PositionOf(double index, int64_t extent);

// For indices that are a parameter. Error: one that is outside [-extent, extent - 1].
Status CheckPositions(const InputView& indices, int64_t extent);

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_LOOKUP_H_
