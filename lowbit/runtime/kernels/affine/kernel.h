#ifndef LOWBIT_RUNTIME_KERNELS_AFFINE_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_AFFINE_KERNEL_H_

#include <cstdint>

#include "lowbit/runtime/bytes.h"
#include "lowbit/runtime/epilogue.h"

namespace lowbit::runtime {

// An epilogue on its own: arithmetic for each channel, an addition of two values, an activation.
struct AffineKernel {
  int64_t target = 0;
  // x, residual (or null) and y: `count` floats, of which i belongs to channel i % epilogue.scale.size().
  void (*run)(const Epilogue& epilogue, int64_t count, const float* x, const float* residual, float* y) = nullptr;
  // Bytes of `count` floats.
  void (*quantize)(const ByteQuantizer& quantizer, int64_t count, const float* x, uint8_t* y) = nullptr;
};

const AffineKernel& ChooseAffineKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_AFFINE_KERNEL_H_
