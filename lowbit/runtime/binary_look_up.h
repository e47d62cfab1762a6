#ifndef LOWBIT_RUNTIME_BINARY_LOOK_UP_H_
#define LOWBIT_RUNTIME_BINARY_LOOK_UP_H_

// Which products of bytes are looked up (kernels/binary_u8) instead of multiplied (kernels/conv_u8).

#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

// Whether the kernel can do it: a matrix product, or a convolution of three columns side by side, with weights of two values.
bool CanLookUp(const ConvShape& shape, const WeightSource& source);

// Whether it would be the faster one: this processor looks up words in tables of 64 (vpermi2w of AVX-512) faster than it multiplies
// the six bytes of each, and the layer is large enough to pay for the tables.
bool LookingUpPays(const ConvShape& shape);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_BINARY_LOOK_UP_H_
