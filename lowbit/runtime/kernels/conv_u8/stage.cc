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

// Pixels of so few channels (a picture's 3) that a call to copy each costs more than the copy.
template <int kChannels>
void CopySmallPixels(const uint8_t* from, int64_t step, int64_t count, uint8_t* to) {
  for (int64_t i = 0; i < count; ++i, from += step, to += 4) {
    for (int c = 0; c < 4; ++c) to[c] = c < kChannels ? from[c] : 0;
  }
}

// Copies `count` pixels, `step` bytes from each other, to where each has conv.channels bytes, the missing ones 0.
void CopyPixels(const ByteConv& conv, const uint8_t* from, int64_t step, int64_t count, uint8_t* to) {
  const int64_t channels = conv.shape.GroupInputs();
  if (channels == 1) return CopySmallPixels<1>(from, step, count, to);
  if (channels == 2) return CopySmallPixels<2>(from, step, count, to);
  if (channels == 3) return CopySmallPixels<3>(from, step, count, to);
  for (int64_t i = 0; i < count; ++i, from += step, to += conv.channels) {
    std::memcpy(to, from, static_cast<size_t>(channels));
    std::memset(to + channels, 0, static_cast<size_t>(conv.channels - channels));
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
    CopyPixels(conv, row + (x + before) * s.in_channels, s.in_channels, end - before, to + before * conv.channels);
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
