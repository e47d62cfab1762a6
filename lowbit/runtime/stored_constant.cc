#include "lowbit/runtime/stored_constant.h"

#include "lowbit/runtime/fallback.h"
#include "lowbit/runtime/layout.h"

namespace lowbit::runtime {

std::vector<float> StoredConstant(const Parameter& parameter) {
  const DoubleTensor wide = WidenParameter(parameter);
  std::vector<float> rows(wide.data.begin(), wide.data.end());
  if (wide.shape.size() != 4) return rows;
  std::vector<float> stored(rows.size());
  ToChannelsLast(rows.data(), wide.shape[0], ImageExtentsOf(wide.shape), stored.data());
  return stored;
}

}  // namespace lowbit::runtime
