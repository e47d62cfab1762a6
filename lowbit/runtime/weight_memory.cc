#include "lowbit/runtime/weight_memory.h"

#include <cstdlib>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace lowbit::runtime {
namespace {

// Where large pages have another size, as some kernels' for ARM, nothing is gained and nothing lost.
constexpr size_t kLargePage = size_t{1} << 21;

}  // namespace

void* AllocateLargePages(void* /*unused*/, size_t bytes) {
  if (bytes < kLargePage) return std::malloc(bytes);
  const size_t pages = bytes / kLargePage;
  // What lies beyond the last whole large page stays in small ones, so that no memory is taken in vain.
  void* memory = std::aligned_alloc(kLargePage, (pages + 1) * kLargePage);
#if defined(MADV_HUGEPAGE)
  if (memory != nullptr) (void)madvise(memory, pages * kLargePage, MADV_HUGEPAGE);
#endif
  return memory;
}

void FreeLargePages(void* /*unused*/, void* memory) { std::free(memory); }

}  // namespace lowbit::runtime
