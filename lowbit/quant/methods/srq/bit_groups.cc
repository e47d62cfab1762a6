#include "lowbit/quant/methods/srq/bit_groups.h"

#include <algorithm>
#include <cstdlib>

namespace lowbit::quant::methods::srq {
namespace {

// floor(log2(n)), n >= 1
int Log2(int n) {
  int result = 0;
  while (n > 1) n /= 2, ++result;
  return result;
}

// -1 for -1, 0, 1; then 0, 1, ... outwards.
int GroupOf(int code, int high, Layout layout) {
  // The end point that has no counterpart belongs to the outermost group; with 2 bits it is the only one.
  const int magnitude = high > 1 ? std::min(std::abs(code), high) : std::abs(code);
  if (magnitude < 2) return -1;
  return layout == Layout::kMagnitude ? magnitude - 2 : Log2(magnitude) - 1;
}

}  // namespace

BitGroups MakeBitGroups(const LogisticGrid& grid, Layout layout) {
  BitGroups groups;
  for (int code = grid.low; code <= grid.high; ++code) {
    groups.of_code.push_back(GroupOf(code, grid.high, layout));
    groups.count = std::max(groups.count, groups.of_code.back() + 1);
  }
  return groups;
}

std::vector<int> BitGroups::Survivors(const LogisticGrid& grid, const std::vector<bool>& alive) const {
  std::vector<int> survivors;
  for (int code = grid.low; code <= grid.high; ++code) {
    const int group = of_code[static_cast<size_t>(code - grid.low)];
    if (group < 0 || alive[static_cast<size_t>(group)]) survivors.push_back(code);
  }
  return survivors;
}

ValueSet NarrowestSet(const std::vector<int>& survivors) {
  const int low = survivors.front(), high = survivors.back();
  if (low == -1 && high == 1) return ValueSet::Ternary();
  int bits = 2;
  while (-(1 << (bits - 1)) > low || (1 << (bits - 1)) - 1 < high) ++bits;
  return ValueSet::Affine(bits, 1 << (bits - 1));
}

}  // namespace lowbit::quant::methods::srq
