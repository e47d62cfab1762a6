#ifndef LOWBIT_DATA_RANDOM_SQUARE_H_
#define LOWBIT_DATA_RANDOM_SQUARE_H_

// Squares at random places of pictures, turned and mirrored: what networks from images to images train on.

#include <cstdint>
#include <utility>

#include "lowbit/base/span.h"
#include "lowbit/data/dataset.h"

namespace lowbit::data {

// Where a square lies in its picture, and how it is turned.
struct RandomSquare {
  int64_t size = 1, top = 0, left = 0;
  bool flip = false;
  int quarters = 0;
};

// The one of an example; depends on the arguments alone. REQUIRES: size <= height, width; index < 2^31
RandomSquare DrawSquare(int64_t size, int64_t height, int64_t width, int64_t index, uint64_t seed, uint64_t epoch,
                        const PairChanges& changes);

// The square out of a plane whose rows have `width` values, as floats.
// REQUIRES: it lies inside; out.size() == size * size
template <typename T>
void CutSquare(const RandomSquare& square, const T* plane, int64_t width, Span<float> out) {
  const int64_t size = square.size;
  for (int64_t row = 0; row < size; ++row) {
    for (int64_t column = 0; column < size; ++column) {
      int64_t y = row, x = square.flip ? size - 1 - column : column;
      for (int turn = 0; turn < square.quarters; ++turn) {
        std::swap(y, x);
        x = size - 1 - x;
      }
      out[static_cast<size_t>(row * size + column)] =
          static_cast<float>(plane[(square.top + y) * width + square.left + x]);
    }
  }
}

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_RANDOM_SQUARE_H_
