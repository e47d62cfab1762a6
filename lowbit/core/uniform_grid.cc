#include "lowbit/core/uniform_grid.h"

#include <cmath>

namespace lowbit {
namespace {

bool IsIntegerIn(double value, double low, double high) {
  return value >= low && value <= high && value == std::floor(value);
}

std::string Text(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

double UniformGrid::Nearest(double x) const {
  const double q = std::nearbyint(x / scale) + zero_point;
  if (!(q > low)) return low;
  return q < high ? q : high;
}

Result<UniformGrid> MakeUniformGrid(const Node& node, double scale, double zero_point, double bits) {
  const bool is_signed = IntAttribute(node, "signed", 1) != 0;
  const bool narrow = IntAttribute(node, "narrow", 0) != 0;
  const double limit = std::ldexp(1.0, kMaxGridBits);
  if (!(scale > 0) || !std::isfinite(scale)) {
    return Invalid("scale must be positive and finite; it is " + Text(scale));
  }
  if (!IsIntegerIn(zero_point, -limit, limit)) {
    return Invalid("zero point must be an integer within +-2^24; it is " + Text(zero_point));
  }
  const int least = is_signed ? 2 : 1;
  if (!IsIntegerIn(bits, least, kMaxGridBits)) {
    return Invalid("bit width must be an integer in " + std::to_string(least) + ".." + std::to_string(kMaxGridBits) +
                   "; it is " + Text(bits));
  }
  const double count = std::ldexp(1.0, static_cast<int>(bits));
  UniformGrid grid = {scale, zero_point, 0, count - 1 - narrow};
  if (is_signed) grid.low = -count / 2 + narrow, grid.high = count / 2 - 1;
  return grid;
}

}  // namespace lowbit
