#include "lowbit/runtime/kernels/conv_u8/kernel.h"

namespace lowbit::runtime {

ByteConv::ByteConv(const ConvShape& conv_shape, const std::vector<WeightSource>& groups, int32_t offset,
                   const ByteConvKernel& kernel)
    : shape(conv_shape), input_offset(offset), in_place(conv_shape.IsPointwise() && conv_shape.in_channels % 4 == 0) {
  channels = PaddedChannels(shape.GroupInputs());
  staged_width = shape.StagedWidth();
  quad_positions = WindowPositions(shape, channels / 4, 4);
  for (const WeightSource& group : groups) {
    weights.push_back(PackBytes(group, kernel.lanes));
    starts.push_back(weights.back().sums);
    for (int32_t& start : starts.back()) {
      start = (kernel.center - input_offset) * start + kernel.center * weights.back().padding_sum;
    }
  }
}

// The largest tile, and a pixel of residuals: 12 pixels of a panel, or 2 of 4 panels.
int64_t ByteConv::SumFloats() const {
  constexpr int64_t kMostPanels = 13;
  return kMostPanels * weights[0].PanelWidth();
}

int64_t ByteConv::DecodedBytes() const {
  return weights[0].IsDecoded() ? static_cast<int64_t>(weights[0].PanelBytes()) : 0;
}

int64_t ByteConv::ScratchFloats(int64_t rows) const {
  const int64_t row = weights[0].WordsPerRow() * weights[0].QuadsPerWord() * 4;
  const int64_t staged = in_place ? row : shape.StagedRows(rows) * staged_width * channels;
  return SumFloats() + DecodedBytes() / 4 + (staged + 3) / 4;
}

}  // namespace lowbit::runtime
