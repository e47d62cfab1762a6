#include "lowbit/runtime/layout.h"

#include <algorithm>

namespace lowbit::runtime {
namespace {

// to[c][r] = from[r][c] where there are few rows: the channels of a picture. Rows are `pitch` apart.
template <int kRows, typename T>
void TransposeFewRows(const T* from, int64_t pitch, int64_t columns, T* to) {
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = 0; r < kRows; ++r) to[c * kRows + r] = from[r * pitch + c];
  }
}

// to[c][r] = from[r][c], in squares that stay in the first-level cache.
template <typename T>
void Transpose(const T* from, int64_t rows, int64_t pitch, int64_t columns, T* to) {
  if (rows == 2) return TransposeFewRows<2>(from, pitch, columns, to);
  if (rows == 3) return TransposeFewRows<3>(from, pitch, columns, to);
  if (rows == 4) return TransposeFewRows<4>(from, pitch, columns, to);
  constexpr int64_t kSide = 16;
  for (int64_t r0 = 0; r0 < rows; r0 += kSide) {
    const int64_t r1 = std::min(rows, r0 + kSide);
    for (int64_t c0 = 0; c0 < columns; c0 += kSide) {
      const int64_t c1 = std::min(columns, c0 + kSide);
      for (int64_t c = c0; c < c1; ++c) {
        for (int64_t r = r0; r < r1; ++r) to[c * rows + r] = from[r * pitch + c];
      }
    }
  }
}

template <typename T>
void TransposeImages(const T* from, int64_t images, int64_t rows, int64_t columns, T* to) {
  const int64_t size = rows * columns;
  if (rows == 1 || columns == 1) {
    std::copy(from, from + images * size, to);
    return;
  }
  for (int64_t i = 0; i < images; ++i) Transpose(from + i * size, rows, columns, columns, to + i * size);
}

}  // namespace

ImageExtents ImageExtentsOf(const Shape& shape) {
  if (shape.size() != 4) return {};
  return {shape[1], shape[2] * shape[3]};
}

template <typename T>
void ToChannelsLast(const T* from, int64_t images, const ImageExtents& extents, T* to) {
  TransposeImages(from, images, extents.channels, extents.pixels, to);
}
template void ToChannelsLast(const float*, int64_t, const ImageExtents&, float*);
template void ToChannelsLast(const uint8_t*, int64_t, const ImageExtents&, uint8_t*);
template void ToChannelsLast(const int64_t*, int64_t, const ImageExtents&, int64_t*);

template <typename T>
void ToChannelsLast(const T* from, const ImageExtents& extents, int64_t first, int64_t count, T* to) {
  const int64_t channels = extents.channels;
  if (extents.Trivial()) {
    std::copy(from + first * channels, from + (first + count) * channels, to + first * channels);
  } else {
    Transpose(from + first, channels, extents.pixels, count, to + first * channels);
  }
}
template void ToChannelsLast(const float*, const ImageExtents&, int64_t, int64_t, float*);

template <typename T>
void ToChannelsFirst(const T* from, int64_t images, const ImageExtents& extents, T* to) {
  TransposeImages(from, images, extents.pixels, extents.channels, to);
}
template void ToChannelsFirst(const float*, int64_t, const ImageExtents&, float*);
template void ToChannelsFirst(const uint8_t*, int64_t, const ImageExtents&, uint8_t*);
template void ToChannelsFirst(const double*, int64_t, const ImageExtents&, double*);

}  // namespace lowbit::runtime
