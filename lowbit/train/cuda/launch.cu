#include "lowbit/train/cuda/dropout_kernels.h"
#include "lowbit/train/cuda/grid_kernels.h"
#include "lowbit/train/cuda/launch.h"
#include "lowbit/train/cuda/relaxed_kernels.h"
#include "lowbit/train/cuda/relaxed_layer_kernels.h"
#include "lowbit/train/cuda/row_kernels.h"
#include "lowbit/train/cuda/searched_kernels.h"
#include "lowbit/train/cuda/squeeze_kernels.h"
#include "lowbit/train/cuda/ternary_kernels.h"

namespace lowbit::train::cuda {
namespace {

class GpuBlock {
 public:
  __device__ explicit GpuBlock(double* scratch) : scratch_(scratch) {}
  __device__ int rank() const { return static_cast<int>(threadIdx.x); }
  __device__ int size() const { return kThreads; }
  __device__ int64_t index() const { return blockIdx.x; }
  __device__ int64_t count() const { return gridDim.x; }
  __device__ double* scratch() const { return scratch_; }
  __device__ void Sync() const { __syncthreads(); }

 private:
  double* scratch_;
};

// Where GPUs can, threads read the kernel's fields where they were handed over, and copy none.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 700
#define LOWBIT_HANDED_OVER
#else
#define LOWBIT_HANDED_OVER __grid_constant__
#endif

template <typename Kernel>
__global__ void __launch_bounds__(kThreads) Run(const LOWBIT_HANDED_OVER Kernel kernel) {
  __shared__ double scratch[kThreads];
  GpuBlock block(scratch);
  kernel(block);
}

}  // namespace

template <typename Kernel>
cudaError_t Launch(const Kernel& kernel, cudaStream_t stream) {
  static_assert(sizeof(Kernel) <= 4096, "CUDA before 12.1 hands over no more");
  Run<<<static_cast<unsigned>(kernel.Blocks()), kThreads, 0, stream>>>(kernel);
  return cudaGetLastError();
}

template cudaError_t Launch(const Forward<Round>&, cudaStream_t);
template cudaError_t Launch(const Forward<Signs>&, cudaStream_t);
template cudaError_t Launch(const Forward<TakeLevels>&, cudaStream_t);
template cudaError_t Launch(const Backward<Keep>&, cudaStream_t);
template cudaError_t Launch(const Backward<Tent>&, cudaStream_t);
template cudaError_t Launch(const Learn&, cudaStream_t);
template cudaError_t Launch(const Total&, cudaStream_t);
template cudaError_t Launch(const MeasureRows&, cudaStream_t);
template cudaError_t Launch(const QuantizeRows&, cudaStream_t);
template cudaError_t Launch(const LearnRows&, cudaStream_t);
template cudaError_t Launch(const MeasureElements&, cudaStream_t);
template cudaError_t Launch(const MixUnits&, cudaStream_t);
template cudaError_t Launch(const Expect&, cudaStream_t);
template cudaError_t Launch(const ExpectBackward&, cudaStream_t);
template cudaError_t Launch(const MeasureSqueezed&, cudaStream_t);
template cudaError_t Launch(const Squeeze&, cudaStream_t);
template cudaError_t Launch(const MeasureSqueezedBackward&, cudaStream_t);
template cudaError_t Launch(const SqueezeBackward&, cudaStream_t);
template cudaError_t Launch(const DrawFactors&, cudaStream_t);
template cudaError_t Launch(const ChooseScale&, cudaStream_t);
template cudaError_t Launch(const ChooseScaleBackward&, cudaStream_t);
template cudaError_t Launch(const RelaxForward&, cudaStream_t);
template cudaError_t Launch(const RelaxBackward&, cudaStream_t);
template cudaError_t Launch(const ScaleForward&, cudaStream_t);
template cudaError_t Launch(const ScaleBackward&, cudaStream_t);
template cudaError_t Launch(const DrawGates&, cudaStream_t);
template cudaError_t Launch(const GateBackward&, cudaStream_t);
template cudaError_t Launch(const PriceGates&, cudaStream_t);

}  // namespace lowbit::train::cuda
