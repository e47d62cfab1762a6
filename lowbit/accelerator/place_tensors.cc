#include "lowbit/accelerator/place_tensors.h"

#include <algorithm>

namespace lowbit::accelerator {

std::vector<int64_t> PlaceTensors(const std::vector<TensorLife>& lives, int64_t* total) {
  std::vector<int64_t> bases;
  *total = 0;
  for (const TensorLife& life : lives) {
    int64_t base = 0;
    // Behind whichever is in the way, until none is.
    for (size_t i = 0; i < bases.size(); ++i) {
      const TensorLife& other = lives[i];
      const bool together = life.first <= other.last && other.first <= life.last;
      if (!together || base >= bases[i] + other.words || bases[i] >= base + life.words) continue;
      base = bases[i] + other.words;
      i = static_cast<size_t>(-1);
    }
    bases.push_back(base);
    *total = std::max(*total, base + life.words);
  }
  return bases;
}

}  // namespace lowbit::accelerator
