#include <algorithm>

#include "lowbit/runtime/kernels/conv_u8/kernel.h"

namespace lowbit::runtime {
namespace {

bool ReadsInPlace(const ConvShape& s) {
  const bool one_tap = s.Taps() == 1 && s.stride_height == 1 && s.stride_width == 1;
  return one_tap && s.groups == 1 && s.in_channels % 4 == 0 && s.pad_top == 0 && s.pad_left == 0 &&
         s.out_height == s.in_height && s.out_width == s.in_width;
}

std::vector<int32_t> QuadPositions(const ConvShape& s, int64_t channels, int64_t row_bytes) {
  std::vector<int32_t> positions;
  for (int64_t ky = 0; ky < s.kernel_height; ++ky) {
    for (int64_t kx = 0; kx < s.kernel_width; ++kx) {
      for (int64_t c = 0; c < channels; c += 4) {
        positions.push_back(
            static_cast<int32_t>(ky * s.dilation_height * row_bytes + kx * s.dilation_width * channels + c));
      }
    }
  }
  return positions;
}

}  // namespace

ByteConv::ByteConv(const ConvShape& conv_shape, const std::vector<WeightSource>& groups, int32_t offset, int lanes)
    : shape(conv_shape), input_offset(offset), in_place(ReadsInPlace(conv_shape)) {
  channels = PaddedChannels(shape.GroupInputs());
  staged_width = (shape.out_width - 1) * shape.stride_width + (shape.kernel_width - 1) * shape.dilation_width + 1;
  quad_positions = QuadPositions(shape, channels, staged_width * channels);
  for (const WeightSource& group : groups) {
    weights.push_back(PackBytes(group, lanes));
    starts.push_back(weights.back().sums);
    for (int32_t& start : starts.back()) start *= -input_offset;
  }
}

int64_t ByteConv::StagedRows(int64_t rows) const {
  return (rows - 1) * shape.stride_height + (shape.kernel_height - 1) * shape.dilation_height + 1;
}

// The largest tile, and a pixel of residuals: 12 pixels of a panel, or 2 of 4 panels.
int64_t ByteConv::SumFloats() const {
  constexpr int64_t kMostPanels = 13;
  return kMostPanels * weights[0].PanelWidth();
}

int64_t ByteConv::ScratchFloats(int64_t rows) const {
  const int64_t staged = in_place ? 0 : StagedRows(rows) * staged_width * channels;
  return SumFloats() + (staged + 3) / 4;
}

}  // namespace lowbit::runtime
