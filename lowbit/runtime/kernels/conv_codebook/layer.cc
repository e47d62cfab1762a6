#include <algorithm>

#include "lowbit/runtime/kernels/conv_codebook/kernel.h"

namespace lowbit::runtime {
namespace {

// Decoded weights of a panel should stay in a first-level cache beside the activations of a tile.
constexpr int64_t kChunkTerms = 160;

// A power of two, so that rows of patches are whole vectors.
int64_t ChunkChannels(int64_t channels, int64_t taps) {
  int64_t chunk = 1;
  while (2 * chunk * taps <= kChunkTerms) chunk *= 2;
  return std::min(chunk, channels);
}

}  // namespace

CodebookConv::CodebookConv(const ConvShape& conv_shape, const std::vector<WeightSource>& groups,
                           const CodebookConvKernel& kernel)
    : shape(conv_shape) {
  const ValueSet& values = std::get<QTensor>(groups[0].parameter->value).values;
  const bool is_gemm = shape.IsPointwise() && shape.in_height * shape.in_width == 1 && shape.groups == 1;
  by_rows = kernel.rows && is_gemm && values.block % 4 == 0;
  chunk_taps = std::min(shape.Taps(), kPatchFloats);
  chunk_channels = ChunkChannels(shape.GroupInputs(), chunk_taps);
  const bool whole_vectors = shape.Taps() == 1 && values.block % 4 == 0 && chunk_channels % values.block == 0;
  CodebookLayout layout = CodebookLayout::kWords;
  if (kernel.planes && values.Count() <= 256) layout = CodebookLayout::kPlanes;
  if (by_rows || (kernel.vectors && whole_vectors)) layout = CodebookLayout::kVectors;
  for (const WeightSource& group : groups) weights.push_back(PackCodebook(group, layout, kernel.lanes));
}

// Patches, sums and a decoded panel; by rows the sums of a panel.
int64_t CodebookConv::ScratchFloats() const {
  const int64_t width = weights[0].PanelWidth();
  if (by_rows) return width;
  return kCodebookPixels * (kPatchPitch + kCodebookPanels * width) + kPatchFloats * width;
}

}  // namespace lowbit::runtime
