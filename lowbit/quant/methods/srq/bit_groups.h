#ifndef LOWBIT_QUANT_METHODS_SRQ_BIT_GROUPS_H_
#define LOWBIT_QUANT_METHODS_SRQ_BIT_GROUPS_H_

#include <vector>

#include "lowbit/core/qtensor.h"
#include "lowbit/quant/methods/srq/logistic_grid.h"

namespace lowbit::quant::methods::srq {

enum class Layout {
  kBits,       // One mask for all points that the step from k to k + 1 bits adds.
  kMagnitude,  // One for each magnitude |n| >= 2.
};

// Which points of a signed grid share a mask; -1, 0 and 1 have none. spec.md, section 4.
struct BitGroups {
  int count = 0;
  std::vector<int> of_code;  // For n = low .. high: the group 0 .. count - 1, or -1 for points that are always there.

  // Points that are there when group g is iff alive[g]. REQUIRES: as many as `count`
  std::vector<int> Survivors(const LogisticGrid& grid, const std::vector<bool>& alive) const;
};

BitGroups MakeBitGroups(const LogisticGrid& grid, Layout layout);

// The value set of codes that are among `survivors`, a sorted list: ternary for -1, 0, 1, else the narrowest affine set. Its
// Bits() are the learned width.
ValueSet NarrowestSet(const std::vector<int>& survivors);

}  // namespace lowbit::quant::methods::srq

#endif  // LOWBIT_QUANT_METHODS_SRQ_BIT_GROUPS_H_
