#include "lowbit/runtime/kernels/conv_u8/stage.h"

#include <algorithm>
#include <cstring>

namespace lowbit::runtime {
namespace {

// `count` pixels of the integer 0. Channels that are missing have bytes 0, which meet weights of any value.
void StageZeros(const ByteConv& conv, int64_t count, uint8_t* to) {
  const int64_t channels = conv.shape.GroupInputs();
  std::memset(to, channels == conv.channels ? conv.input_offset : 0, static_cast<size_t>(count * conv.channels));
  for (int64_t i = 0; channels != conv.channels && i < count; ++i) {
    std::memset(to + i * conv.channels, conv.input_offset, static_cast<size_t>(channels));
  }
}

// Copies pixels [x, x + count) of an input row, which may lie outside of it, to where each has conv.channels bytes.
void StageRow(const ByteConv& conv, const uint8_t* row, int64_t x, int64_t count, uint8_t* to) {
  const ConvShape& s = conv.shape;
  const int64_t channels = s.GroupInputs();
  const int64_t before = std::clamp<int64_t>(-x, 0, count), end = std::clamp<int64_t>(s.in_width - x, before, count);
  StageZeros(conv, before, to);
  if (channels == s.in_channels && channels == conv.channels) {
    std::memcpy(to + before * channels, row + (x + before) * channels, static_cast<size_t>((end - before) * channels));
  } else {
    for (int64_t i = before; i < end; ++i) {
      std::memcpy(to + i * conv.channels, row + (x + i) * s.in_channels, static_cast<size_t>(channels));
      std::memset(to + i * conv.channels + channels, 0, static_cast<size_t>(conv.channels - channels));
    }
  }
  StageZeros(conv, count - end, to + end * conv.channels);
}

}  // namespace

void Stage(const ByteConv& conv, const uint8_t* image, int64_t oy, int64_t rows, uint8_t* to) {
  const ConvShape& s = conv.shape;
  const int64_t row_bytes = conv.staged_width * conv.channels, first = oy * s.stride_height - s.pad_top;
  for (int64_t y = first; y < first + conv.shape.StagedRows(rows); ++y, to += row_bytes) {
    if (y < 0 || y >= s.in_height) {
      StageZeros(conv, conv.staged_width, to);
    } else {
      StageRow(conv, image + y * s.in_width * s.in_channels, -s.pad_left, conv.staged_width, to);
    }
  }
}

}  // namespace lowbit::runtime
