#ifndef LOWBIT_TRAIN_CONV_OF_DOUBLES_H_
#define LOWBIT_TRAIN_CONV_OF_DOUBLES_H_

// Includes libtorch; internal to the library.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace lowbit::train {

// In y and x, as at::conv2d wants them.
struct ConvGeometry {
  std::vector<int64_t> strides = {1, 1}, pads = {0, 0}, dilations = {1, 1};
  int64_t groups = 1;
};

// at::conv2d of doubles. On the CPU, where both tensors hold integers whose sums of products stay below 2^24 (it looks, in
// one pass), floats hold every such sum exactly in any order: then it is oneDNN's direct convolution of floats, with the same
// result in much less time. REQUIRES: both are kDouble. `bias` may be undefined.
at::Tensor ConvOfDoubles(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                         const ConvGeometry& geometry);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_CONV_OF_DOUBLES_H_
