#ifndef LOWBIT_RUNTIME_CONV_FORM_H_
#define LOWBIT_RUNTIME_CONV_FORM_H_

#include "lowbit/core/graph.h"

namespace lowbit::runtime {

// The same network with its transposed convolutions as convolutions, for which there are kernels. A ConvTranspose of stride s
// computes s * s pixels of each output block from the same input pixels, each by its own part of the kernel:
//
//   Conv          of s^2 times as many channels, kernel ceil(k / s), the parts beyond the kernel's end filled with zeros
//   DepthToSpace  puts the pixels of a block beside each other (not for s = 1; where the strides of rows and columns differ, a
//                 Reshape, a Transpose and a Reshape do it)
//   Slice         cuts off what the pads of the transposed convolution leave out (only where they do)
//
// (Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016). The convolution has the node's name, what
// follows it "NAME/blocks" and "NAME/window", its weights "NAME/weight". Weights of one scale keep their codes where their
// values include 0 or nothing has to be filled; others become floats.
// Groups are the convolution's; of a depthwise one the input is repeated s^2 times ("NAME/repeated"). A dilated kernel is one with zeros between its weights, unless s = 1.
// Left as they are: pads that are negative or beyond the kernel, weights or biases that are computed.
// REQUIRES: Validate(graph).ok()
Graph ToConvolutions(const Graph& graph);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_CONV_FORM_H_
