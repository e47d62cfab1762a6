#include "lowbit/core/ops_common/pad_source.h"

#include <algorithm>
#include <string>

#include "lowbit/base/suggest.h"

namespace lowbit::ops {
namespace {

int64_t Modulo(int64_t a, int64_t b) { return (a % b + b) % b; }

}  // namespace

Result<PadMode> PadModeOf(const Node& node) {
  const std::string name = StringAttribute(node, "mode", "constant");
  static const std::vector<std::string> known = {"constant", "edge", "reflect", "wrap"};
  const auto found = std::find(known.begin(), known.end(), name);
  if (found == known.end()) return Invalid(UnknownName("mode", name, known));
  return static_cast<PadMode>(found - known.begin());
}

int64_t PadSource(PadMode mode, int64_t place, int64_t extent) {
  if (place >= 0 && place < extent) return place;
  if (mode == PadMode::kEdge) return place < 0 ? 0 : extent - 1;
  if (mode == PadMode::kWrap) return Modulo(place, extent);
  if (mode == PadMode::kConstant) return kConstantPlace;
  if (extent == 1) return 0;
  const int64_t folded = Modulo(place, 2 * (extent - 1));
  return std::min(folded, 2 * (extent - 1) - folded);
}

}  // namespace lowbit::ops
