#include "lowbit/quant/row_formula.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "lowbit/quant/levels.h"

namespace lowbit::quant {

LevelTable MakeLevelTable(const Levels& levels) {
  LevelTable table;
  const std::vector<double> starts = levels.Starts();
  const auto end = std::copy(starts.begin(), starts.end(), table.starts);
  std::fill(end, std::end(table.starts), std::numeric_limits<double>::quiet_NaN());
  std::fill(std::copy(levels.ascending().begin(), levels.ascending().end(), table.levels), std::end(table.levels),
            0.0f);
  int32_t room = 1;
  while (static_cast<size_t>(room) < levels.ascending().size()) room *= 2;
  table.half = room / 2;
  return table;
}

}  // namespace lowbit::quant
