#ifndef LOWBIT_ACCELERATOR_THRESHOLDS_H_
#define LOWBIT_ACCELERATOR_THRESHOLDS_H_

#include <cstdint>
#include <vector>

#include "lowbit/accelerator/stretch.h"

namespace lowbit::accelerator {

// Of one product stage: the least sums that reach each of its output's integers.
struct Thresholds {
  // For each output channel: the code falls as the sum rises, so that its weights are to be negated. The thresholds below are those of
  // the negated sum then.
  std::vector<bool> falls;
  // [skip number][level from the second on][channel], one skip number where the stage has none. `limit` + 1: no sum within the limit
  // reaches it; -`limit`: every one does.
  std::vector<int64_t> sums;
};

// By bisection of the stage's own nodes, each rounded to float as docs/integers.md says, so that the codes are those of the runtime to the
// bit. `skip_levels`: the integers of the skip tensor, empty without one. `limits`: the largest magnitude of each channel's sums.
// Cost: about log2(limit) evaluations of the nodes for levels x channels elements, for each skip number.
Result<Thresholds> FindThresholds(const Graph& form, const Stage& stage, const std::vector<int64_t>& levels,
                                  const std::vector<int64_t>& skip_levels, const std::vector<int64_t>& limits);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_THRESHOLDS_H_
