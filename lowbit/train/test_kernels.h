#ifndef LOWBIT_TRAIN_TEST_KERNELS_H_
#define LOWBIT_TRAIN_TEST_KERNELS_H_

// The kernels for GPUs, run by the CPU, for tests. Includes libtorch.

#include <vector>

#include "lowbit/train/cuda/test_block.h"
#include "lowbit/train/kernel_passes_by.h"

namespace lowbit::train {

template <int kThreads>
struct OnCpu {
  template <typename Kernel>
  static void Launch(const Kernel& kernel) {
    cuda::RunOnCpu(kernel, kThreads);
  }
};

// By blocks of one thread, and of more threads than some rows of the tests have weights.
inline std::vector<const KernelPasses*> EmulatedPasses() {
  static const KernelPassesBy<OnCpu<1>> alone;
  static const KernelPassesBy<OnCpu<4>> together;
  return {&alone, &together};
}

// While it lives, everything on the CPU is done by these passes.
class InstalledPasses {
 public:
  explicit InstalledPasses(const KernelPasses* passes) { SetKernelPasses(passes); }
  ~InstalledPasses() { ResetKernelPasses(); }
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TEST_KERNELS_H_
