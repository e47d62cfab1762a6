#include "lowbit/runtime/quad_dots.h"

#include <atomic>

#include "hwy/targets.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace lowbit::runtime {
namespace {

bool Detect() {
#if defined(__aarch64__) && defined(__linux__)
  constexpr unsigned long kDotProducts = 1ul << 20;  // HWCAP_ASIMDDP, which old headers lack.
  return (getauxval(AT_HWCAP) & kDotProducts) != 0;
#else
  return false;
#endif
}

std::atomic<bool> disabled{false};

}  // namespace

bool HasQuadDots() {
  static const bool has = Detect();
  return has && !disabled.load(std::memory_order_relaxed);
}

void DisableQuadDotsForTest(bool disable) { disabled.store(disable, std::memory_order_relaxed); }

std::string NameWithDots(int64_t target) {
  return std::string(hwy::TargetName(target)) + (HasQuadDots() ? "+dotprod" : "");
}

}  // namespace lowbit::runtime
