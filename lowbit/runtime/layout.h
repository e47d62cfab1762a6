#ifndef LOWBIT_RUNTIME_LAYOUT_H_
#define LOWBIT_RUNTIME_LAYOUT_H_

#include <cstdint>

#include "lowbit/core/shape.h"

namespace lowbit::runtime {

// The orders of a value of rank 4: ONNX's [N, C, H, W] at the border, and [N, H, W, C] (channels last) inside.
struct ImageExtents {
  int64_t channels = 1, pixels = 1;  // pixels = H * W
  // Both orders are the same.
  bool Trivial() const { return channels == 1 || pixels == 1; }
};

// Of a value of rank 4; trivial for any other rank, which has one order only.
ImageExtents ImageExtentsOf(const Shape& shape);

// Reorder `images` images, of floats or bytes where networks run. `from` and `to` do not overlap.
template <typename T>
void ToChannelsLast(const T* from, int64_t images, const ImageExtents& extents, T* to);
// Of one image pixels [first, first + count) alone, so that threads can share it.
template <typename T>
void ToChannelsLast(const T* from, const ImageExtents& extents, int64_t first, int64_t count, T* to);
template <typename T>
void ToChannelsFirst(const T* from, int64_t images, const ImageExtents& extents, T* to);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_LAYOUT_H_
