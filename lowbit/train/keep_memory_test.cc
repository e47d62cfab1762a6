#include "lowbit/train/keep_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/types.h>

namespace lowbit::train {
namespace {

int64_t PageFaults() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

#ifdef __GLIBC__
TEST(KeepFreedMemory, TheSecondTensorHasThePagesOfTheFirst) {
  constexpr int64_t kBytes = int64_t{80} << 20, kPage = 4096;
  KeepFreedMemory();
  at::ones({kBytes}, at::kByte);
  const int64_t before = PageFaults();
  // A little smaller: what else was allocated may have taken a corner.
  at::ones({kBytes - (int64_t{1} << 20)}, at::kByte);
  EXPECT_LT(PageFaults() - before, kBytes / kPage / 10);
}
#endif

}  // namespace
}  // namespace lowbit::train
