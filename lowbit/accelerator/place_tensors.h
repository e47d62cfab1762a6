#ifndef LOWBIT_ACCELERATOR_PLACE_TENSORS_H_
#define LOWBIT_ACCELERATOR_PLACE_TENSORS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lowbit::accelerator {

// How many words, and from which layer to which one (both counted) they are needed.
struct TensorLife {
  int64_t words = 0;
  size_t first = 0, last = 0;
};

// Where each tensor begins, so that those needed at one time do not overlap: in the order given, each at the lowest place that is free.
// `total`: the words of the memory.
std::vector<int64_t> PlaceTensors(const std::vector<TensorLife>& lives, int64_t* total);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_PLACE_TENSORS_H_
