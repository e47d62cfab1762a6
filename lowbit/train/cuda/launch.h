#ifndef LOWBIT_TRAIN_CUDA_LAUNCH_H_
#define LOWBIT_TRAIN_CUDA_LAUNCH_H_

#include <cuda_runtime_api.h>

namespace lowbit::train::cuda {

// Starts a kernel (block.h) of this folder on the current GPU; all of its pointers are to that GPU's memory.
// Returns why it could not be started; what goes wrong later shows where the stream is waited for.
template <typename Kernel>
cudaError_t Launch(const Kernel& kernel, cudaStream_t stream);

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_LAUNCH_H_
