#include "lowbit/core/level_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "lowbit/base/check.h"

namespace lowbit {
namespace {

bool IsAscending(const std::vector<float>& values) {
  return std::adjacent_find(values.begin(), values.end(), [](float a, float b) { return !(a < b); }) == values.end();
}

bool IsLevel(float value) { return std::abs(value) <= kMaxLevel && value == std::floor(value); }

// Ascending from 0.
std::vector<float> ElasticMagnitudes(int exponent_bits, int fraction_bits) {
  const int fractions = 1 << fraction_bits;
  std::vector<float> magnitudes(static_cast<size_t>(fractions));
  std::iota(magnitudes.begin(), magnitudes.end(), 0.0f);
  for (int n = 0; n < (1 << exponent_bits) - 1; ++n) {
    for (int f = 0; f < fractions; ++f) {
      magnitudes.push_back(std::ldexp(static_cast<float>(fractions + f), n));
    }
  }
  return magnitudes;
}

// Between two neighbouring magnitudes: whether their midpoint goes to the upper one.
bool TieGoesUp(float low, float high) { return std::fmod(low / (high - low), 2.0f) == 1; }

float Above(float value) { return std::nextafter(value, std::numeric_limits<float>::infinity()); }

// Between two neighbouring levels of one sign, or 0.
float Threshold(float low, float high) {
  const float middle = (low + high) / 2;
  const bool upwards = low >= 0 ? TieGoesUp(low, high) : !TieGoesUp(-high, -low);
  return upwards ? middle : Above(middle);
}

}  // namespace

double LevelGrid::LevelOf(double scaled) const {
  size_t reached = 0;
  for (const float threshold : thresholds) reached += scaled >= threshold ? 1 : 0;
  return levels[reached];
}

Result<LevelGrid> MakeLevelGrid(const FloatTensor& thresholds, const FloatTensor& levels) {
  const auto is_finite = [](float v) { return std::isfinite(v); };
  const std::vector<float>& t = thresholds.data;
  if (t.empty() || t.size() >= kMaxLevels || !std::all_of(t.begin(), t.end(), is_finite) || !IsAscending(t)) {
    return Invalid("thresholds must be ascending and finite, 1.." + std::to_string(kMaxLevels - 1) + " of them");
  }
  if (levels.data.size() != t.size() + 1) {
    return Invalid("levels must be one more than the " + std::to_string(t.size()) + " thresholds; there are " +
                   std::to_string(levels.data.size()));
  }
  if (!IsAscending(levels.data) || !std::all_of(levels.data.begin(), levels.data.end(), IsLevel)) {
    return Invalid("levels must be ascending integers within +-" + std::to_string(kMaxLevel));
  }
  return LevelGrid{t, levels.data};
}

LevelGrid ElasticLevels(int exponent_bits, int fraction_bits, bool is_signed) {
  LOWBIT_CHECK(exponent_bits >= 1 && exponent_bits <= 4 && fraction_bits >= 0 && fraction_bits <= 7);
  LevelGrid grid;
  grid.levels = ElasticMagnitudes(exponent_bits, fraction_bits);
  LOWBIT_CHECK(grid.levels.back() <= kMaxLevel &&
               static_cast<int>(grid.levels.size()) * (is_signed ? 2 : 1) <= kMaxLevels);
  const std::vector<float> positive(grid.levels.begin() + 1, grid.levels.end());
  for (size_t i = 0; is_signed && i < positive.size(); ++i) grid.levels.insert(grid.levels.begin(), -positive[i]);
  for (size_t i = 0; i + 1 < grid.levels.size(); ++i) {
    grid.thresholds.push_back(Threshold(grid.levels[i], grid.levels[i + 1]));
  }
  return grid;
}

}  // namespace lowbit
