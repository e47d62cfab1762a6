#include "lowbit/runtime/storage_strides.h"

#include <numeric>

namespace lowbit::runtime {

std::vector<size_t> StorageOrder(size_t rank) {
  if (rank == 4) return {0, 2, 3, 1};
  std::vector<size_t> order(rank);
  std::iota(order.begin(), order.end(), size_t{0});
  return order;
}

std::vector<int64_t> StorageStrides(const Shape& shape) {
  const std::vector<size_t> order = StorageOrder(shape.size());
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = order.size(); i-- > 0;) {
    strides[order[i]] = stride;
    stride *= shape[order[i]];
  }
  return strides;
}

}  // namespace lowbit::runtime
