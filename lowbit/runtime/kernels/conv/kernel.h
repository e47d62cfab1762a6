#ifndef LOWBIT_RUNTIME_KERNELS_CONV_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_CONV_KERNEL_H_

// Convolution and matrix product of float activations with weights of any format: one implicit matrix product.
//
// Activations are NHWC. A Gemm is the convolution with a 1x1 kernel of images of one pixel: a pixel is a row.

#include <cstdint>
#include <vector>

#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/epilogue.h"
#include "lowbit/runtime/float_tile.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

// Some output pixels of some output channels. Pixels count over the whole batch: (image * out_height + y) * out_width + x.
struct ConvTask {
  const ConvShape* shape = nullptr;
  const PackedWeights* weights = nullptr;  // Of this group.
  const Epilogue* epilogue = nullptr;      // Of all output channels.
  const float* input = nullptr;            // The whole batch, as are residual and output.
  const float* residual = nullptr;         // Or null.
  float* output = nullptr;
  int64_t group = 0;
  int64_t first_pixel = 0, pixels = 0;
  int64_t first_panel = 0, panels = 0;  // At most kConvPanelBlock.
  float* scratch = nullptr;             // kConvScratchFloats, 64-byte aligned.
};

// Panels whose accumulators fit into the first-level cache beside the activations.
inline constexpr int64_t kConvPanelBlock = 8;
inline constexpr int64_t kConvMaxTile = 12;
// Consecutive terms of a sum that are gathered at a time; a multiple of every WeightsPerWord.
inline constexpr int64_t kConvChunk = kPatchFloats;
inline constexpr int64_t kConvMaxLanes = 64;
inline constexpr int64_t kConvScratchFloats =
    kConvMaxTile * kPatchPitch + kConvPanelBlock * kConvMaxTile * kPanelVectors * kConvMaxLanes;

// One instruction set's implementation.
//
// Each output is one chain of additions in the order of the packed weights (rows of the kernel, columns, input
// channels), started from 0, fused multiply-add where the instruction set has it; then the row's epilogue. Hence the
// result does not depend on how the work is split over tiles and threads, nor on an image's place in the batch.
// |result - exact| is bounded by ConvErrorBound (reference.h).
struct ConvKernel {
  int64_t target = 0;  // Highway's bit.
  int lanes = 0;       // Floats in a vector: what Pack needs.
  int tile = 0;        // Pixels that are computed together.
  void (*run)(const ConvTask& task) = nullptr;
};

// The best implementation that this processor supports.
const ConvKernel& ChooseConvKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_KERNEL_H_
