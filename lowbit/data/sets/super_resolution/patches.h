#ifndef LOWBIT_DATA_SETS_SUPER_RESOLUTION_PATCHES_H_
#define LOWBIT_DATA_SETS_SUPER_RESOLUTION_PATCHES_H_

#include <cstdint>
#include <vector>

#include "lowbit/data/dataset.h"

namespace lowbit::data::sets::super_resolution {

// Squares at random places of blurred pictures, and the same squares of the sharp ones. In memory: 8 bytes for each pixel of each
// picture added.
class Patches : public PairSource {
 public:
  // Squares of size x size.
  explicit Patches(int64_t size) : size_(size) {}

  // The next `count` examples are of this picture. REQUIRES: equal extents, not below the square's; count >= 1
  void Add(Plane sharp, Plane blurred, int64_t count);

  void Make(int64_t index, uint64_t seed, uint64_t epoch, const PairChanges& changes, Span<float> image,
            Span<float> target) const override;

 private:
  struct Picture {
    Plane sharp, blurred;
    int64_t end = 0;  // Index behind its last example.
  };

  int64_t size_;
  std::vector<Picture> pictures_;
};

}  // namespace lowbit::data::sets::super_resolution

#endif  // LOWBIT_DATA_SETS_SUPER_RESOLUTION_PATCHES_H_
