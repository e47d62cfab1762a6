#ifndef LOWBIT_RUNTIME_KERNELS_DEPTHWISE_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_DEPTHWISE_KERNEL_H_

// Convolution of each channel with a kernel of its own (groups = channels), float activations, weights of any format.

#include <cstdint>

#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/epilogue.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

// Some output pixels of one panel of channels; all arrays NHWC, the whole batch.
struct DepthwiseTask {
  const ConvShape* shape = nullptr;
  const PackedWeights* weights = nullptr;  // A row for each channel, its taps as columns.
  const Epilogue* epilogue = nullptr;
  const float* input = nullptr;
  const float* residual = nullptr;  // Or null.
  float* output = nullptr;
  int64_t panel = 0;
  int64_t first_pixel = 0, pixels = 0;
  float* scratch = nullptr;  // (taps + 1) * panel width floats, 64-byte aligned: the decoded panel, the sums.
};

// Each output is one chain of additions in the order of the taps inside the image, from 0. A channel always takes the
// same instructions (fused multiply-add or not), whatever the task.
struct DepthwiseKernel {
  int64_t target = 0;
  int lanes = 0;
  void (*run)(const DepthwiseTask& task) = nullptr;
};

const DepthwiseKernel& ChooseDepthwiseKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_DEPTHWISE_KERNEL_H_
