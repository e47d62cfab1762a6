#ifndef LOWBIT_RUNTIME_KERNELS_CONV_REFERENCE_H_
#define LOWBIT_RUNTIME_KERNELS_CONV_REFERENCE_H_

// The specification of the kernels `conv` and `depthwise`: plain loops in float64.

#include <cstdint>
#include <vector>

#include "lowbit/core/graph.h"
#include "lowbit/runtime/bounded_value.h"
#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/epilogue.h"

namespace lowbit::runtime {

struct ConvOperands {
  ConvShape shape;
  int64_t images = 1;
  // [out_channels][GroupInputs()][kernel_height][kernel_width]: a FloatTensor or QTensor. Of the latter the table values
  // count, not the scales: those are the epilogue's.
  const Parameter* weight = nullptr;
  Epilogue epilogue;
  std::vector<float> input;     // [images][in_height][in_width][in_channels]
  std::vector<float> residual;  // As the output, or empty.
};

struct ConvExpectation {
  std::vector<double> output;  // [images][out_height][out_width][out_channels]
  std::vector<double> bound;   // How far a kernel's float may be away.
};

// What the epilogue gives for each output's
//   sum over ky, kx, c of table value[m, c, ky, kx] * input[n, oy * sy - pad + ky * dy, ox * sx - pad + kx * dx, g * C + c]
// and the largest error of float arithmetic.
//
// Bound, with u = 2^-24, gamma(n) = n u / (1 - n u) and K terms in the sum: a chain of K products and K sums, rounded
// each or fused, differs from the exact sum by at most gamma(K + 1) * sum |w x| (Higham, Accuracy and Stability of
// Numerical Algorithms, section 3.1). The epilogue rounds at most four times more (scale, shift, residual, slope), and
// each factor (1 + d) multiplies terms whose absolute values add up to
//   magnitude = |scale| * sum |w x| + |shift| + |residual|.
// Clip and slope are Lipschitz with max(1, |slope|). Hence
//   |float - exact| <= gamma(K + 5) * magnitude * max(1, |slope|)  + 2^-126 for results that underflow.
ConvExpectation ConvReference(const ConvOperands& operands);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_REFERENCE_H_
