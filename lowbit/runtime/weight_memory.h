#ifndef LOWBIT_RUNTIME_WEIGHT_MEMORY_H_
#define LOWBIT_RUNTIME_WEIGHT_MEMORY_H_

#include <cstddef>
#include <new>

#include "hwy/aligned_allocator.h"

namespace lowbit::runtime {

// For hwy::AllocateAligned: memory of two megabytes and more in large pages, where the system has such. A processor
// reads ahead within a page only and looks up an address for each one, which costs up to half of the speed at which
// weights come from the memory.
void* AllocateLargePages(void* unused, size_t bytes);
void FreeLargePages(void* unused, void* memory);

// Memory for weights, uninitialized, aligned for vectors. Throws std::bad_alloc.
template <typename T>
hwy::AlignedFreeUniquePtr<T[]> AllocateWeights(size_t count) {
  auto memory = hwy::AllocateAligned<T>(count, &AllocateLargePages, &FreeLargePages, nullptr);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_WEIGHT_MEMORY_H_
