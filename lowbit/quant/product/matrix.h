#ifndef LOWBIT_QUANT_PRODUCT_MATRIX_H_
#define LOWBIT_QUANT_PRODUCT_MATRIX_H_

// Small symmetric matrices in double, for the metrics of product quantization.

#include <cstddef>
#include <vector>

namespace lowbit::quant::product {

// size x size, row-major.
struct Matrix {
  int size = 0;
  std::vector<double> values;

  Matrix() = default;
  explicit Matrix(int n) : size(n), values(static_cast<size_t>(n) * static_cast<size_t>(n), 0.0) {}
  static Matrix Identity(int n);

  double* row(int i) { return values.data() + static_cast<size_t>(i) * static_cast<size_t>(size); }
  const double* row(int i) const { return values.data() + static_cast<size_t>(i) * static_cast<size_t>(size); }
  double Trace() const;
};

// G + share * trace(G) / size * I, which is positive definite for a positive semidefinite G; the identity where G is 0 or not
// finite. REQUIRES: share > 0
Matrix Regularize(const Matrix& g, double share);

// The lower triangular S with G = S S^T. REQUIRES: G symmetric positive definite; a pivot that rounding made less than a
// 10^-14th of the largest diagonal element counts as that.
Matrix Cholesky(const Matrix& g);

// to = S^T from. Vectors of S.size numbers that do not overlap.
void MultiplyTransposed(const Matrix& s, const double* from, double* to);

// x with S S^T x = b, in place of b.
void Solve(const Matrix& s, double* b);

}  // namespace lowbit::quant::product

#endif  // LOWBIT_QUANT_PRODUCT_MATRIX_H_
