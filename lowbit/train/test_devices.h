#ifndef LOWBIT_TRAIN_TEST_DEVICES_H_
#define LOWBIT_TRAIN_TEST_DEVICES_H_

// The devices that tests of tensor code run on: the CPU, and CUDA where libtorch finds a GPU.

#include <ATen/Context.h>

#include <string>
#include <vector>

namespace lowbit::train {

inline std::vector<std::string> Devices() {
  if (!at::hasCUDA()) return {"cpu"};
  // Tests compare with sums in float32 or wider; cuDNN's default rounds the factors to ten binary digits (TF32).
  at::globalContext().setAllowTF32CuDNN(false);
  return {"cpu", "cuda"};
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TEST_DEVICES_H_
