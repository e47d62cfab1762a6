#ifndef LOWBIT_RUNTIME_TESTING_RANDOM_LAYERS_H_
#define LOWBIT_RUNTIME_TESTING_RANDOM_LAYERS_H_

// For tests: random convolutions, small, with every tail, stride, dilation, padding and grouping.

#include <algorithm>

#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/epilogue.h"
#include "lowbit/runtime/testing/random_values.h"

namespace lowbit::runtime::testing {

inline Epilogue RandomEpilogue(int64_t channels, RandomSource* random) {
  Epilogue epilogue;
  epilogue.scale = random->Floats(channels, -1, 1);
  epilogue.shift = random->Floats(channels, -1, 1);
  if (random->Coin()) epilogue.slope = random->Floats(channels, -0.5, 2);
  if (random->Coin()) epilogue.low = 0;
  if (random->Coin()) epilogue.high = random->Float(0, 4);
  return epilogue;
}

inline int64_t OutputExtent(int64_t input, int64_t pads, int64_t kernel, int64_t dilation, int64_t stride) {
  return (input + pads - (kernel - 1) * dilation - 1) / stride + 1;
}

inline ConvShape RandomConvShape(RandomSource* random) {
  ConvShape s;
  s.groups = random->Int(0, 3) == 0 ? random->Int(2, 3) : 1;
  s.in_channels = s.groups * random->Int(1, 70 / s.groups);
  s.out_channels = s.groups * random->Int(1, 70 / s.groups);
  s.kernel_height = random->Int(1, 5);
  s.kernel_width = random->Int(1, 5);
  s.dilation_height = random->Int(1, 2);
  s.dilation_width = random->Int(1, 2);
  s.stride_height = random->Int(1, 3);
  s.stride_width = random->Int(1, 3);
  s.pad_top = random->Int(0, 3);
  s.pad_left = random->Int(0, 3);
  // At least one window fits.
  s.in_height = random->Int(1, 6) + std::max<int64_t>(0, (s.kernel_height - 1) * s.dilation_height - s.pad_top);
  s.in_width = random->Int(1, 6) + std::max<int64_t>(0, (s.kernel_width - 1) * s.dilation_width - s.pad_left);
  const int64_t pad_bottom = random->Int(0, 2), pad_right = random->Int(0, 2);
  s.out_height = OutputExtent(s.in_height, s.pad_top + pad_bottom, s.kernel_height, s.dilation_height, s.stride_height);
  s.out_width = OutputExtent(s.in_width, s.pad_left + pad_right, s.kernel_width, s.dilation_width, s.stride_width);
  return s;
}

inline Shape ConvWeightShape(const ConvShape& s) {
  return {s.out_channels, s.GroupInputs(), s.kernel_height, s.kernel_width};
}

// The block of a codebook for those weights: whole kernels, parts of one, several channels, a row, or any that fits.
inline int RandomBlock(const ConvShape& s, RandomSource* random) {
  const int64_t columns = s.GroupInputs() * s.Taps();
  const int64_t candidates[] = {s.Taps(), 2 * s.Taps(), 4 * s.Taps(), 4, 8, 3, 9, columns, 1};
  for (;;) {
    const int64_t block = candidates[random->Int(0, 8)];
    if (columns % block == 0) return static_cast<int>(block);
  }
}

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_RANDOM_LAYERS_H_
