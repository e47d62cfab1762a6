#ifndef LOWBIT_COMPRESS_ROUNDING_COMPENSATED_H_
#define LOWBIT_COMPRESS_ROUNDING_COMPENSATED_H_

#include <vector>

#include "lowbit/base/span.h"
#include "lowbit/compress/rounding/row_grid.h"
#include "lowbit/quant/product/matrix.h"

namespace lowbit::compress {

struct RoundedRow {
  std::vector<int> integers;
  double error = 0;  // (w - s q) H (w - s q)^T
};

// Rounding in which later weights of a row make up for the errors of earlier ones, as the layer's outputs feel them: optimal brain
// compression with the columns in one order for all rows (Frantar & Alistarh, NeurIPS 2022, arXiv 2208.11580; GPTQ: Frantar et al.,
// ICLR 2023, arXiv 2210.17323).
//
// Of a row w and integers q the error is (w - s q) H (w - s q)^T, H = sum x x^T + damping over the inputs x of the layer. A weight is
// rounded to the nearest integer, and the weights that follow move to where they make the error least, as if they stayed real.
// The papers push each error through the Cholesky factor of H's inverse. Here H is factored itself, as L L^T, and the columns are
// taken from the last row of L to the first: with d = w - s q the error is |d L|^2, whose element j holds d_j L_jj and what the
// columns rounded before left there, so that the best real value of weight j is w_j + (sum over those i of d_i L_ij) / L_jj. Same
// numbers, no inverse.
class CompensatedRounding {
 public:
  // `inputs`: sum x x^T. `dampening`: that share of its mean diagonal is added to each element of the diagonal; with H = 0 weights
  // are rounded to the nearest. Columns go by falling H_jj, equal ones in their order. Cost: size^3 / 6.
  CompensatedRounding(const quant::product::Matrix& inputs, double dampening);

  // Cost: size^2 / 2.
  RoundedRow Round(Span<const double> row, const RowGrid& grid) const;

  // The real row v whose outputs v x are nearest to w t, where t are other inputs than x: `shifts` is the sum of (t - x) x^T.
  // v = w + w shifts H^-1. Cost: 2 size^2.
  std::vector<double> Toward(Span<const float> row, const quant::product::Matrix& shifts) const;

 private:
  std::vector<int> order_;         // order_[a]: the column of row a of factor_.
  quant::product::Matrix factor_;  // L.
};

// The definition of the above, without a factor: after each column the others' best values are found anew, by elimination in H.
// `h`: with its damping. `order`: columns, the first to be rounded first. Cost: size^4.
std::vector<int> RoundByElimination(Span<const double> row, const RowGrid& grid, const quant::product::Matrix& h,
                                    const std::vector<int>& order);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_ROUNDING_COMPENSATED_H_
