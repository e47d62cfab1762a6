#include "lowbit/compress/rounding/compensated.h"

#include <algorithm>
#include <numeric>

namespace lowbit::compress {

using quant::product::Matrix;

CompensatedRounding::CompensatedRounding(const Matrix& inputs, double dampening)
    : order_(static_cast<size_t>(inputs.size)) {
  const Matrix h = quant::product::Regularize(inputs, dampening);
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(), [&](int a, int b) { return h.row(a)[a] > h.row(b)[b]; });
  // Rows of L are taken from the last one.
  std::reverse(order_.begin(), order_.end());
  Matrix ordered(h.size);
  for (int a = 0; a < h.size; ++a) {
    const double* row = h.row(order_[static_cast<size_t>(a)]);
    for (int b = 0; b < h.size; ++b) ordered.row(a)[b] = row[order_[static_cast<size_t>(b)]];
  }
  factor_ = quant::product::Cholesky(ordered);
}

RoundedRow CompensatedRounding::Round(Span<const double> row, const RowGrid& grid) const {
  const int size = factor_.size;
  RoundedRow rounded;
  rounded.integers.resize(static_cast<size_t>(size));
  std::vector<double> carried(static_cast<size_t>(size), 0);  // sum of d_i L_ij over the columns i rounded so far.
  for (int a = size - 1; a >= 0; --a) {
    const auto column = static_cast<size_t>(order_[static_cast<size_t>(a)]);
    const double* of_a = factor_.row(a);
    const double before = carried[static_cast<size_t>(a)];
    const int integer = grid.Nearest(row[column] + before / of_a[a]);
    const double left = row[column] - static_cast<double>(grid.scale) * integer;
    for (int b = 0; b < a; ++b) carried[static_cast<size_t>(b)] += left * of_a[b];
    rounded.integers[column] = integer;
    rounded.error += (before + left * of_a[a]) * (before + left * of_a[a]);
  }
  return rounded;
}

std::vector<double> CompensatedRounding::Toward(Span<const float> row, const Matrix& shifts) const {
  const auto size = static_cast<size_t>(factor_.size);
  std::vector<double> product(size, 0);
  for (size_t i = 0; i < size; ++i) {
    const double* of_i = shifts.row(static_cast<int>(i));
    for (size_t j = 0; j < size; ++j) product[j] += static_cast<double>(row[i]) * of_i[j];
  }
  std::vector<double> ordered(size);
  for (size_t a = 0; a < size; ++a) ordered[a] = product[static_cast<size_t>(order_[a])];
  quant::product::Solve(factor_, ordered.data());
  std::vector<double> result(row.begin(), row.end());
  for (size_t a = 0; a < size; ++a) result[static_cast<size_t>(order_[a])] += ordered[a];
  return result;
}

}  // namespace lowbit::compress
