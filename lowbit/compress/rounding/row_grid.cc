#include "lowbit/compress/rounding/row_grid.h"

#include <algorithm>
#include <cmath>

namespace lowbit::compress {
namespace {

constexpr int kSizes = 300;
constexpr double kSizeStep = .99;

double SquaredError(Span<const float> row, const RowGrid& grid) {
  const auto scale = static_cast<double>(grid.scale);
  double sum = 0;
  for (const float value : row) {
    const double error = static_cast<double>(value) - scale * grid.Nearest(static_cast<double>(value));
    sum += error * error;
  }
  return sum;
}

}  // namespace

int RowGrid::Nearest(double value) const {
  const double step = std::nearbyint(value / static_cast<double>(scale));
  return static_cast<int>(std::clamp<double>(step, lowest, highest));
}

RowGrid ChooseRowGrid(Span<const float> row, int bits, WeightRange range) {
  const int steps = (1 << (bits - 1)) - 1;
  float largest = 0;
  for (const float value : row) largest = std::max(largest, std::abs(value));
  RowGrid grid = {largest / static_cast<float>(steps), -steps, steps};
  if (!std::isnormal(grid.scale)) {
    grid.scale = 1;
    return grid;
  }
  if (range == WeightRange::kMax) return grid;
  grid.lowest = -steps - 1;
  RowGrid tried = grid;
  double least = SquaredError(row, grid), scale = static_cast<double>(grid.scale);
  for (int k = 1; k < kSizes; ++k) {
    scale *= kSizeStep;
    tried.scale = static_cast<float>(scale);
    if (!std::isnormal(tried.scale)) break;
    const double error = SquaredError(row, tried);
    if (error < least) least = error, grid.scale = tried.scale;
  }
  return grid;
}

}  // namespace lowbit::compress
