#ifndef LOWBIT_QUANT_MID_RISE_H_
#define LOWBIT_QUANT_MID_RISE_H_

#include <utility>
#include <vector>

#include "lowbit/core/qtensor.h"

namespace lowbit::quant {

// The odd integers -(2^bits - 1), ..., -1, 1, ..., 2^bits - 1 in ascending order: a uniform grid of step 2 without zero, all of
// whose codes are in use. REQUIRES: 1 <= bits <= 8
inline ValueSet MidRise(int bits) {
  if (bits == 1) return ValueSet::Binary();
  std::vector<float> table;
  for (int value = 1 - (1 << bits); value < 1 << bits; value += 2) table.push_back(static_cast<float>(value));
  return ValueSet::Table(std::move(table));
}

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_MID_RISE_H_
