#include <cmath>
#include <utility>

#include "lowbit/compress/rounding/compensated.h"

namespace lowbit::compress {
namespace {

using quant::product::Matrix;

// x with A x = b, by elimination with pivots.
std::vector<double> SolvePlain(std::vector<std::vector<double>> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    size_t pivot = i;
    for (size_t k = i + 1; k < n; ++k) {
      if (std::abs(a[k][i]) > std::abs(a[pivot][i])) pivot = k;
    }
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (size_t k = i + 1; k < n; ++k) {
      const double factor = a[k][i] / a[i][i];
      for (size_t j = i; j < n; ++j) a[k][j] -= factor * a[i][j];
      b[k] -= factor * b[i];
    }
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t j = i + 1; j < n; ++j) b[i] -= a[i][j] * b[j];
    b[i] /= a[i][i];
  }
  return b;
}

}  // namespace

std::vector<int> RoundByElimination(Span<const double> row, const RowGrid& grid, const Matrix& h,
                                    const std::vector<int>& order) {
  const size_t size = order.size();
  std::vector<int> integers(size);
  std::vector<double> best(row.begin(), row.end()), error(size, 0);
  for (size_t done = 0; done < size; ++done) {
    const auto column = static_cast<size_t>(order[done]);
    integers[column] = grid.Nearest(best[column]);
    error[column] = row[column] - static_cast<double>(grid.scale) * integers[column];
    // The others' errors e that make the whole least: H_free,free e = -H_free,rounded * (errors of the rounded).
    const size_t free = size - done - 1;
    std::vector<std::vector<double>> a(free, std::vector<double>(free));
    std::vector<double> b(free, 0);
    for (size_t i = 0; i < free; ++i) {
      const double* of_i = h.row(order[done + 1 + i]);
      for (size_t j = 0; j < free; ++j) a[i][j] = of_i[order[done + 1 + j]];
      for (size_t k = 0; k <= done; ++k) b[i] -= of_i[order[k]] * error[static_cast<size_t>(order[k])];
    }
    const std::vector<double> e = SolvePlain(std::move(a), std::move(b));
    for (size_t i = 0; i < free; ++i) {
      const auto other = static_cast<size_t>(order[done + 1 + i]);
      best[other] = row[other] - e[i];
    }
  }
  return integers;
}

}  // namespace lowbit::compress
