#ifndef LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_KERNEL_H_
#define LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_KERNEL_H_

// Convolution and matrix product of float activations with weights of a codebook, which are decoded a few kilobytes at a
// time, beside the products that need them.
//
// Activations are NHWC. A Gemm is the convolution with a 1x1 kernel of images of one pixel: a pixel is a row.

#include <cstdint>
#include <vector>

#include "lowbit/runtime/codebook_weights.h"
#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/epilogue.h"
#include "lowbit/runtime/float_tile.h"

namespace lowbit::runtime {

struct CodebookConvKernel;

// A layer, ready to run.
struct CodebookConv {
  CodebookConv(const ConvShape& shape, const std::vector<WeightSource>& groups, const CodebookConvKernel& kernel);

  ConvShape shape;
  std::vector<CodebookWeights> weights;  // One for each group.
  Epilogue epilogue;

  // Whether each row is multiplied with the vectors where they lie in the codebook, and nothing is decoded: a Gemm with a
  // block that is a multiple of 4, on a target that has vectors of 4.
  bool by_rows = false;
  // Otherwise so many terms of each sum are decoded at a time: taps of a window times channels, at most kPatchFloats.
  int64_t chunk_taps = 1, chunk_channels = 1;

  int64_t ScratchFloats() const;  // Of a task.
};

// Some output pixels of some output channels. Pixels count over the whole batch: (image * out_height + y) * out_width + x.
struct CodebookTask {
  const float* input = nullptr;     // The whole batch, as are residual and output.
  const float* residual = nullptr;  // Or null.
  float* output = nullptr;
  int64_t group = 0;
  int64_t first_pixel = 0, pixels = 0;  // At most kCodebookPixels.
  int64_t first_panel = 0, panels = 0;  // At most kCodebookPanels.
  float* scratch = nullptr;             // ScratchFloats(), 64-byte aligned.
};

// Decoding a weight costs as much as multiplying it with 3 to 7 pixels. So many share it, an image of 14 x 14 among them; their
// patches and sums stay in a second-level cache.
inline constexpr int64_t kCodebookPixels = 204;
inline constexpr int64_t kCodebookPanels = 8;

// One instruction set's implementation.
//
// Each output is one chain of additions, started from 0, fused multiply-add where the instruction set has it, in an order
// that depends on the layer alone: chunk after chunk of input channels, in it the taps, in each the channels; or, by rows,
// in four chains of which number j has the terms j, j + 4, j + 8, ..., and which are added at the end. Then the epilogue.
// Hence the result does not depend on how the work is split, nor on an image's place in the batch. |result - exact| is
// bounded as in kernels/conv/reference.h.
struct CodebookConvKernel {
  int64_t target = 0;    // Highway's bit.
  int lanes = 0;         // Floats in a vector: what PackCodebook needs.
  bool planes = false;   // Looks up bytes rather than words, where it can.
  bool vectors = false;  // Transposes whole vectors, where it can.
  bool rows = false;     // Can go by rows.
  int tile = 0;          // Pixels that are computed together.
  void (*run)(const CodebookConv& conv, const CodebookTask& task) = nullptr;
};

// The best implementation that this processor supports.
const CodebookConvKernel& ChooseCodebookConvKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_KERNEL_H_
