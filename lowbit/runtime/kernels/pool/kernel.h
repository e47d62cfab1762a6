#ifndef LOWBIT_RUNTIME_KERNELS_POOL_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_POOL_KERNEL_H_

// The largest or the mean value of a sliding window, NHWC.

#include <cstdint>

#include "lowbit/core/ops_common/window.h"

namespace lowbit::runtime {

enum class PoolKind : uint8_t {
  kMaximum,      // Padding takes no part.
  kAverage,      // Sum by the number of pixels inside the image.
  kAveragePads,  // Sum by the number of taps inside the padded image.
};

struct PoolShape {
  PoolKind kind = PoolKind::kMaximum;
  ops::Window window;
  int64_t channels = 1;
};

struct PoolKernel {
  int64_t target = 0;
  // Output pixels [first, first + count) of the whole batch ([images][H][W][channels] both). Sums run over the window
  // row by row, in float.
  void (*run)(const PoolShape& shape, int64_t first, int64_t count, const float* input, float* output) = nullptr;
  // The same for the largest of bytes.
  void (*run_bytes)(const PoolShape& shape, int64_t first, int64_t count, const uint8_t* input,
                    uint8_t* output) = nullptr;
};

const PoolKernel& ChoosePoolKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_POOL_KERNEL_H_
