#include "lowbit/quant/product/matrix.h"

#include <algorithm>
#include <cmath>

namespace lowbit::quant::product {

Matrix Matrix::Identity(int n) {
  Matrix identity(n);
  for (int i = 0; i < n; ++i) identity.row(i)[i] = 1;
  return identity;
}

double Matrix::Trace() const {
  double trace = 0;
  for (int i = 0; i < size; ++i) trace += row(i)[i];
  return trace;
}

Matrix Regularize(const Matrix& g, double share) {
  const double trace = g.Trace();
  if (!(trace > 0) || !std::isfinite(trace)) return Matrix::Identity(g.size);
  Matrix result = g;
  for (int i = 0; i < g.size; ++i) result.row(i)[i] += share * trace / g.size;
  return result;
}

Matrix Cholesky(const Matrix& g) {
  double largest = 0;
  for (int i = 0; i < g.size; ++i) largest = std::max(largest, g.row(i)[i]);
  Matrix s(g.size);
  for (int i = 0; i < g.size; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = g.row(i)[j];
      for (int k = 0; k < j; ++k) sum -= s.row(i)[k] * s.row(j)[k];
      s.row(i)[j] = i == j ? std::sqrt(std::max(sum, 1e-14 * largest)) : sum / s.row(j)[j];
    }
  }
  return s;
}

void MultiplyTransposed(const Matrix& s, const double* from, double* to) {
  std::fill_n(to, s.size, 0.0);
  for (int i = 0; i < s.size; ++i) {
    for (int j = 0; j <= i; ++j) to[j] += s.row(i)[j] * from[i];
  }
}

void Solve(const Matrix& s, double* b) {
  for (int i = 0; i < s.size; ++i) {
    for (int j = 0; j < i; ++j) b[i] -= s.row(i)[j] * b[j];
    b[i] /= s.row(i)[i];
  }
  for (int i = s.size - 1; i >= 0; --i) {
    for (int j = i + 1; j < s.size; ++j) b[i] -= s.row(j)[i] * b[j];
    b[i] /= s.row(i)[i];
  }
}

}  // namespace lowbit::quant::product
