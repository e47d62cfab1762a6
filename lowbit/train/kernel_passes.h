#ifndef LOWBIT_TRAIN_KERNEL_PASSES_H_
#define LOWBIT_TRAIN_KERNEL_PASSES_H_

// What is one pass over memory on the CPU (grid_passes.h, row_pass.h), as one or two launches on a GPU, where tensor operations
// would be a dozen. Includes libtorch; internal to the library.

#include <ATen/core/Tensor.h>

#include <utility>

#include "lowbit/base/random.h"
#include "lowbit/quant/row_formula.h"
#include "lowbit/train/cuda/relaxed_grid.h"
#include "lowbit/train/grid_passes.h"

namespace lowbit::train {

// All tensors are on one GPU, float and contiguous where nothing else is said, and no gradient is recorded. Nothing waits for
// the GPU. Results do not depend on anything but the arguments: sums are added in one order.
class KernelPasses {
 public:
  using Pair = std::pair<at::Tensor, at::Tensor>;

  virtual ~KernelPasses() = default;
  // Of arrays on the current GPU. `learn` is null: it would have to wait for its sum.
  virtual const GridPasses& Grid() const = 0;
  // dL/dx, and `factor` times the sum that GridPasses::learn returns, [1]. d and x: dense, of the same strides.
  virtual Pair Learn(const at::Tensor& d, const at::Tensor& x, const FloatGrid& grid, bool rounding,
                     double factor) const = 0;

  // rows: [rows, columns]; scale * level of each, and RowErrors in `errors` if it is not null.
  virtual at::Tensor Values(const quant::RowFormula& formula, const at::Tensor& rows, at::Tensor* errors) const = 0;
  // Levels [rows, columns] and scales [rows].
  virtual Pair Quantize(const quant::RowFormula& formula, const at::Tensor& rows) const = 0;
  // The levels nearest to rows / scales, in double; to 0 where the scale is; and scale * level. scales: [rows] or [1].
  virtual Pair Nearest(const quant::LevelTable& table, const at::Tensor& rows, const at::Tensor& scales) const = 0;
  // Of scale * level, d [rows, columns] of any strides being its gradient, levels reaching from `first` to `last` (learned_scale.h): dL/drows
  // and dL/dscales, which is `factor` times a sum.
  virtual Pair LearnRows(const at::Tensor& d, const at::Tensor& rows, const at::Tensor& scales,
                         const at::Tensor& levels, double first, double last, double factor) const = 0;

  // row_pass.h's functions of these names; `unit` weights have one mask, byte on any device.
  virtual at::Tensor ElementErrors(const at::Tensor& rows, const at::Tensor& values) const = 0;
  virtual void Mix(const at::Tensor& mask, int64_t unit, const at::Tensor& rows, const at::Tensor& values) const = 0;

  // ScaledExpectation of methods/slb/expectation.h, whose arguments these are: [rows, columns].
  struct Searched {
    at::Tensor logits, values, scales;
    double unit;
    int64_t rows;
    double temperature;
  };
  virtual at::Tensor Expect(const Searched& weights) const = 0;
  // dL/dlogits, and dL/dscale of each row, double [rows]; d: [rows, columns], of any strides.
  virtual Pair ExpectBackward(const Searched& weights, const at::Tensor& d) const = 0;

  // DoReFa's tanh(w) / T (methods/dorefa), and what its gradient needs to know of T.
  virtual Pair Squeeze(const at::Tensor& weights) const = 0;
  virtual at::Tensor SqueezeBackward(const at::Tensor& d, const at::Tensor& weights, const at::Tensor& about) const = 0;

  // TTQ's values (methods/ttq) of signs -1, 0, 1 and two scales; dL/dw and dL/dscales of them, which is `factor` times a sum.
  virtual at::Tensor ChooseScale(const at::Tensor& signs, const at::Tensor& scales) const = 0;
  virtual Pair ChooseScaleBackward(const at::Tensor& d, const at::Tensor& signs, const at::Tensor& scales,
                                   double factor) const = 0;

  // What Dropout multiplies the elements of `factors` [images, ...] with: 0 or `scale`, 0 where 32 bits are below `threshold`.
  virtual void DrawFactors(const at::Tensor& factors, const CounterRandom& random, uint64_t threshold, float scale,
                           int64_t first_image) const = 0;

  // SRQ (methods/srq/semi_relaxed.h) with numbers that stay on the GPU: step and noise [1], masks [grid.groups].
  struct Relaxed {
    at::Tensor x, step, noise, masks;  // masks: unread where grid.groups = 0.
  };
  // The codes that the forward pass takes, whole numbers like x (NaN where no mask counts and x is NaN), and step * code.
  virtual Pair RelaxForward(const RelaxedGrid& grid, const Relaxed& given) const = 0;
  // Of those values, d (like x, any strides) being their gradient: dL/dx, and float [2 + grid.groups]: dL/dstep, dL/dnoise,
  // dL/dmasks. Masks that are all 1 have the gradient 0.
  virtual Pair RelaxBackward(const RelaxedGrid& grid, const Relaxed& given, const at::Tensor& codes,
                             const at::Tensor& d) const = 0;

  // Step and noise by methods/srq/step_and_noise.h, all tensors [1]; and the gradients of log_step and log_noise from those of
  // both.
  struct LogScales {
    at::Tensor start, log_step, log_noise;
  };
  virtual Pair StepAndNoise(const ScalePlan& plan, const LogScales& given, bool clamp) const = 0;
  virtual Pair StepAndNoiseBackward(double factor, const Pair& scales, const Pair& d) const = 0;

  // DropBits' masks of a step (methods/srq/bit_masks.h), after the logits were brought within +- plan.bound; what the backward
  // pass wants of each gate; all [plan.groups]. d: the masks' gradient.
  struct Gates {
    at::Tensor masks, gates, slopes;
  };
  virtual Gates DrawGates(const GatePlan& plan, const at::Tensor& logits) const = 0;
  virtual at::Tensor GatesBackward(bool nested, const Gates& drawn, const at::Tensor& d) const = 0;
  // factor * sum P(Z != 0) over the gates that are not dropped for good, [], and its derivative by each logit.
  virtual Pair PriceGates(const GatePlan& plan, double factor, const at::Tensor& logits) const = 0;
};

// Those for tensors like x; null: there are none, because the build has none (LOWBIT_CUDA_PASSES), or x is on the CPU or not
// float.
const KernelPasses* KernelPassesFor(const at::Tensor& x);

// For tests and benchmarks: from now on those of all float tensors, wherever they are; null: none of any.
void SetKernelPasses(const KernelPasses* passes);
// As it was at first.
void ResetKernelPasses();

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_KERNEL_PASSES_H_
