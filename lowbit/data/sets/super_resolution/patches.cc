#include "lowbit/data/sets/super_resolution/patches.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lowbit/base/random.h"

namespace lowbit::data::sets::super_resolution {
namespace {

// Where a square lies in its picture, and how it is turned.
struct Draw {
  int64_t top = 0, left = 0;
  bool flip = false;
  int quarters = 0;
};

Draw DrawSquare(const std::array<uint32_t, 4>& bits, const Plane& plane, int64_t size, const PairChanges& changes) {
  const auto below = [](uint32_t random, int64_t bound) {
    return static_cast<int64_t>((static_cast<uint64_t>(random) * static_cast<uint64_t>(bound)) >> 32);
  };
  Draw draw;
  draw.top = below(bits[0], plane.height - size + 1);
  draw.left = below(bits[1], plane.width - size + 1);
  draw.flip = changes.flip && below(bits[2], 2) == 1;
  draw.quarters = changes.rotate ? static_cast<int>(below(bits[3], 4)) : 0;
  return draw;
}

void Cut(const Plane& plane, int64_t size, const Draw& draw, Span<float> out) {
  for (int64_t row = 0; row < size; ++row) {
    for (int64_t column = 0; column < size; ++column) {
      int64_t y = row, x = draw.flip ? size - 1 - column : column;
      for (int turn = 0; turn < draw.quarters; ++turn) {
        std::swap(y, x);
        x = size - 1 - x;
      }
      out[static_cast<size_t>(row * size + column)] =
          plane.values[static_cast<size_t>((draw.top + y) * plane.width + draw.left + x)];
    }
  }
}

}  // namespace

void Patches::Add(Plane sharp, Plane blurred, int64_t count) {
  LOWBIT_CHECK(count >= 1 && std::min(sharp.height, sharp.width) >= size_);
  LOWBIT_CHECK(sharp.height == blurred.height && sharp.width == blurred.width);
  const int64_t end = (pictures_.empty() ? 0 : pictures_.back().end) + count;
  pictures_.push_back({std::move(sharp), std::move(blurred), end});
}

void Patches::Make(int64_t index, uint64_t seed, uint64_t epoch, const PairChanges& changes, Span<float> image,
                   Span<float> target) const {
  const auto behind = [](int64_t i, const Picture& picture) { return i < picture.end; };
  const Picture& picture = *std::upper_bound(pictures_.begin(), pictures_.end(), index, behind);
  const CounterRandom random(seed, StreamOf("patch"), epoch);
  const Draw draw = DrawSquare(random.Block(static_cast<uint64_t>(index)), picture.sharp, size_, changes);
  Cut(picture.blurred, size_, draw, image);
  Cut(picture.sharp, size_, draw, target);
}

}  // namespace lowbit::data::sets::super_resolution
