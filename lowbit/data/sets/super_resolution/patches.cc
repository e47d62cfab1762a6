#include "lowbit/data/sets/super_resolution/patches.h"

#include <algorithm>
#include <utility>

#include "lowbit/data/random_square.h"

namespace lowbit::data::sets::super_resolution {

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
  const Plane& sharp = picture.sharp;
  const RandomSquare square = DrawSquare(size_, sharp.height, sharp.width, index, seed, epoch, changes);
  CutSquare(square, picture.blurred.values.data(), sharp.width, image);
  CutSquare(square, sharp.values.data(), sharp.width, target);
}

}  // namespace lowbit::data::sets::super_resolution
