#include "lowbit/compress/rounding/row_grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "lowbit/base/random.h"

namespace lowbit::compress {
namespace {

std::vector<float> Normals(int count, uint64_t seed) {
  const CounterRandom random(seed, StreamOf("row"));
  std::vector<float> row;
  for (int i = 0; i < count; ++i) row.push_back(static_cast<float>(random.Normal(static_cast<uint64_t>(i))));
  return row;
}

double SquaredError(const std::vector<float>& row, const RowGrid& grid) {
  double sum = 0;
  for (const float w : row) sum += std::pow(w - static_cast<double>(grid.scale) * grid.Nearest(w), 2);
  return sum;
}

TEST(RowGrid, TheNearestIntegerOfTheGrid) {
  const RowGrid grid = {.5f, -4, 3};
  EXPECT_EQ(grid.Nearest(.6), 1);
  EXPECT_EQ(grid.Nearest(.75), 2);   // 1.5 to even
  EXPECT_EQ(grid.Nearest(-.25), 0);  // -.5 to even
  EXPECT_EQ(grid.Nearest(100), 3);
  EXPECT_EQ(grid.Nearest(-100), -4);
}

TEST(ChooseRowGrid, MaxClipsNothing) {
  const RowGrid grid = ChooseRowGrid(std::vector<float>{1, -14, 3}, 4, WeightRange::kMax);
  EXPECT_EQ(grid.scale, 2);
  EXPECT_EQ(grid.lowest, -7);
  EXPECT_EQ(grid.highest, 7);
}

TEST(ChooseRowGrid, TheLeastSquaredErrorOfAllThatAreTried) {
  for (const int bits : {2, 3, 4, 8}) {
    const std::vector<float> row = Normals(200, static_cast<uint64_t>(bits));
    const RowGrid max = ChooseRowGrid(row, bits, WeightRange::kMax);
    const RowGrid best = ChooseRowGrid(row, bits, WeightRange::kMeanSquaredError);
    EXPECT_EQ(best.lowest, -(1 << (bits - 1)));
    EXPECT_EQ(best.highest, (1 << (bits - 1)) - 1);
    double least = HUGE_VAL;
    for (int k = 0; k < 300; ++k) {
      RowGrid tried = best;
      tried.scale = static_cast<float>(static_cast<double>(max.scale) * std::pow(.99, k));
      least = std::min(least, SquaredError(row, tried));
    }
    // The power and the repeated product differ in the last bits of a scale, the error by less than a millionth.
    EXPECT_NEAR(SquaredError(row, best), least, 1e-6 * least) << bits << " bits";
    if (bits == 8) continue;
    EXPECT_LT(SquaredError(row, best), .9 * SquaredError(row, max)) << bits << " bits";
  }
}

// One weight that is 40 times the others: two bits are better spent without it... unless it is all that matters.
TEST(ChooseRowGrid, AnOutlier) {
  std::vector<float> row(4000, .1f);
  row[7] = 1;
  EXPECT_NEAR(ChooseRowGrid(row, 2, WeightRange::kMeanSquaredError).scale, .1, .001);
  EXPECT_NEAR(ChooseRowGrid(std::vector<float>{0, 0, 1}, 2, WeightRange::kMeanSquaredError).scale, 1, 0);
}

TEST(ChooseRowGrid, RowsWithoutAScaleBecomeZeros) {
  for (const WeightRange range : {WeightRange::kMax, WeightRange::kMeanSquaredError}) {
    for (const float value : {0.0f, 1e-44f}) {
      const RowGrid grid = ChooseRowGrid(std::vector<float>{value, -value}, 4, range);
      EXPECT_EQ(grid.scale, 1);
      EXPECT_EQ(grid.Nearest(static_cast<double>(value)), 0);
    }
    // Smaller scales than the first are no normal floats.
    EXPECT_TRUE(std::isnormal(ChooseRowGrid(std::vector<float>{1.2e-38f, 7e-39f}, 2, range).scale));
  }
}

}  // namespace
}  // namespace lowbit::compress
