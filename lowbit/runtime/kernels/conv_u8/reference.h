#ifndef LOWBIT_RUNTIME_KERNELS_CONV_U8_REFERENCE_H_
#define LOWBIT_RUNTIME_KERNELS_CONV_U8_REFERENCE_H_

// The specification of the kernel conv_u8: plain loops.

#include <cstdint>
#include <vector>

#include "lowbit/core/graph.h"
#include "lowbit/runtime/kernels/conv_u8/kernel.h"

namespace lowbit::runtime {

struct ByteConvOperands {
  ConvShape shape;
  int64_t images = 1;
  const Parameter* weight = nullptr;  // [out_channels][GroupInputs()][kernel_height][kernel_width], scale 1.
  std::vector<uint8_t> input;         // [images][in_height][in_width][in_channels]
  int32_t input_offset = 0;
  Epilogue epilogue;
  std::optional<ByteQuantizer> quantizer;
  std::vector<float> residual_floats;   // As the output, or empty.
  std::vector<uint8_t> residual_bytes;  // The same.
  int32_t residual_offset = 0;
  float residual_unit = 1;
};

// For each output, with integer a = byte - offset, and a = 0 in the padding:
//
//   sum = sum over ky, kx, c of weight[m, c, ky, kx] * a[n, oy * sy - pad + ky * dy, ox * sx - pad + kx * dx, g * C + c]
//   y = float(sum) * scale[m] + shift[m] + residual, slope, clip      as in Epilogue, each operation rounded to float
//
// and the quantizer's byte of y where there is one (then `bytes` is filled, else `floats`).
struct ByteConvExpectation {
  std::vector<float> floats;
  std::vector<uint8_t> bytes;
};
ByteConvExpectation ByteConvReference(const ByteConvOperands& operands);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U8_REFERENCE_H_
