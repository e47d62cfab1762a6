// Error-compensated rounding against its definition, which solves anew after each column.

#include "lowbit/compress/rounding/compensated.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "lowbit/base/random.h"

namespace lowbit::compress {
namespace {

using quant::product::Matrix;
using ::testing::Each;

constexpr double kDampening = .01;

// Inputs with a common part and with scales of their own, `count` of them, each of `size` numbers.
std::vector<std::vector<double>> CorrelatedInputs(int size, int count, const std::string& name) {
  const CounterRandom random(1, StreamOf(name));
  std::vector<std::vector<double>> inputs(static_cast<size_t>(count), std::vector<double>(static_cast<size_t>(size)));
  uint64_t next = 0;
  for (std::vector<double>& x : inputs) {
    const double common = random.Normal(next++);
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = (common + .5 * random.Normal(next++)) * (1 + .3 * static_cast<double>(i % 5));
    }
  }
  return inputs;
}

Matrix Moments(const std::vector<std::vector<double>>& a, const std::vector<std::vector<double>>& b) {
  Matrix sums(static_cast<int>(a[0].size()));
  for (size_t n = 0; n < a.size(); ++n) {
    for (int i = 0; i < sums.size; ++i) {
      for (int j = 0; j < sums.size; ++j) sums.row(i)[j] += a[n][static_cast<size_t>(i)] * b[n][static_cast<size_t>(j)];
    }
  }
  return sums;
}

std::vector<float> Row(int size, const std::string& name) {
  const CounterRandom random(2, StreamOf(name));
  std::vector<float> row;
  for (int i = 0; i < size; ++i) row.push_back(static_cast<float>(random.Normal(static_cast<uint64_t>(i))));
  return row;
}

std::vector<double> Widen(const std::vector<float>& row) { return {row.begin(), row.end()}; }

std::vector<int> ToNearest(const std::vector<double>& row, const RowGrid& grid) {
  std::vector<int> integers;
  for (const double w : row) integers.push_back(grid.Nearest(w));
  return integers;
}

// (w - s q) H (w - s q)^T
double ErrorOf(const std::vector<double>& row, const RowGrid& grid, const std::vector<int>& integers, const Matrix& h) {
  double sum = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    for (size_t j = 0; j < row.size(); ++j) {
      sum += (row[i] - static_cast<double>(grid.scale) * integers[i]) * h.row(static_cast<int>(i))[j] *
             (row[j] - static_cast<double>(grid.scale) * integers[j]);
    }
  }
  return sum;
}

std::vector<int> FallingDiagonal(const Matrix& h) {
  std::vector<int> order(static_cast<size_t>(h.size));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return h.row(a)[a] > h.row(b)[b]; });
  return order;
}

TEST(CompensatedRounding, IsSolvingAnewAfterEachColumn) {
  for (const int bits : {2, 3, 4, 8}) {
    for (int k = 0; k < 20; ++k) {
      const std::string name = std::to_string(bits) + "/" + std::to_string(k);
      const int size = 1 + k % 17;
      // Fewer inputs than columns too.
      const auto x = CorrelatedInputs(size, 3 + 5 * k, name);
      const Matrix sums = Moments(x, x), h = quant::product::Regularize(sums, kDampening);
      const std::vector<float> row = Row(size, name);
      const RowGrid grid = ChooseRowGrid(row, bits, WeightRange::kMeanSquaredError);
      const RoundedRow rounded = CompensatedRounding(sums, kDampening).Round(Widen(row), grid);
      EXPECT_EQ(rounded.integers, RoundByElimination(Widen(row), grid, h, FallingDiagonal(h))) << name;
      const double error = ErrorOf(Widen(row), grid, rounded.integers, h);
      EXPECT_NEAR(rounded.error, error, 1e-9 * h.Trace()) << name;
    }
  }
}

TEST(CompensatedRounding, LeavesLessErrorThanTheNearestIntegers) {
  double compensated = 0, nearest = 0;
  for (int k = 0; k < 20; ++k) {
    const std::string name = "row" + std::to_string(k);
    const auto x = CorrelatedInputs(40, 300, name);
    const Matrix h = quant::product::Regularize(Moments(x, x), kDampening);
    const CompensatedRounding rounding(Moments(x, x), kDampening);
    const std::vector<double> row = Widen(Row(40, name));
    const RowGrid grid = ChooseRowGrid(Row(40, name), 3, WeightRange::kMax);
    const RoundedRow rounded = rounding.Round(row, grid);
    compensated += ErrorOf(row, grid, rounded.integers, h);
    nearest += ErrorOf(row, grid, ToNearest(row, grid), h);
    EXPECT_THAT(rounded.integers, Each(::testing::AllOf(::testing::Ge(grid.lowest), ::testing::Le(grid.highest))));
  }
  EXPECT_LT(compensated, .5 * nearest);
}

TEST(CompensatedRounding, WithoutInputsItIsTheNearest) {
  const CompensatedRounding rounding(Matrix(6), kDampening);
  const RowGrid grid = {.3f, -4, 3};
  const std::vector<double> row = Widen(Row(6, "row"));
  EXPECT_EQ(rounding.Round(row, grid).integers, ToNearest(row, grid));
}

// Inputs 1 and 4 are always 0: their weights are rounded for themselves, and the others as if those were not there.
TEST(CompensatedRounding, DeadInputs) {
  auto x = CorrelatedInputs(6, 50, "x");
  std::vector<std::vector<double>> alive;
  for (std::vector<double>& one : x) {
    one[1] = one[4] = 0;
    alive.push_back({one[0], one[2], one[3], one[5]});
  }
  const RowGrid grid = {.3f, -4, 3};
  const std::vector<double> row = Widen(Row(6, "row"));
  const std::vector<int> all = CompensatedRounding(Moments(x, x), 1e-9).Round(row, grid).integers;
  const std::vector<double> some = {row[0], row[2], row[3], row[5]};
  const std::vector<int> of_alive = CompensatedRounding(Moments(alive, alive), 1e-9).Round(some, grid).integers;
  EXPECT_EQ((std::vector<int>{all[0], all[2], all[3], all[5]}), of_alive);
  EXPECT_EQ(all[1], grid.Nearest(row[1]));
  EXPECT_EQ(all[4], grid.Nearest(row[4]));
}

// The least squares of other inputs' outputs: t = A x for some A has the answer w A.
TEST(CompensatedRounding, GoesTowardTheOutputsOfOtherInputs) {
  const auto x = CorrelatedInputs(5, 400, "x");
  const Matrix a = Moments(CorrelatedInputs(5, 3, "a"), CorrelatedInputs(5, 3, "b"));
  auto t = x;
  for (size_t n = 0; n < x.size(); ++n) {
    for (int i = 0; i < 5; ++i) {
      double sum = 0;
      for (size_t j = 0; j < 5; ++j) sum += a.row(i)[j] * x[n][j];
      t[n][static_cast<size_t>(i)] = sum;
    }
  }
  Matrix shifts = Moments(t, x);
  const Matrix inputs = Moments(x, x);
  for (size_t i = 0; i < shifts.values.size(); ++i) shifts.values[i] -= inputs.values[i];
  const std::vector<float> row = Row(5, "row");
  const std::vector<double> toward = CompensatedRounding(inputs, 1e-9).Toward(row, shifts);
  for (size_t j = 0; j < 5; ++j) {
    double expected = 0;
    for (size_t i = 0; i < 5; ++i) expected += static_cast<double>(row[i]) * a.row(static_cast<int>(i))[j];
    EXPECT_NEAR(toward[j], expected, 1e-5 * (1 + std::abs(expected)));
  }
  EXPECT_EQ(CompensatedRounding(inputs, 1e-9).Toward(row, Matrix(5)), Widen(row));
}

}  // namespace
}  // namespace lowbit::compress
