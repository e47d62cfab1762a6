#ifndef LOWBIT_TRAIN_METHODS_SRQ_BIT_MASKS_H_
#define LOWBIT_TRAIN_METHODS_SRQ_BIT_MASKS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/quant/methods/srq/srq.h"
#include "lowbit/train/cuda/relaxed_grid.h"
#include "lowbit/train/method.h"

namespace lowbit::train::methods::srq {

// The masks of one layer (DropBits): a hard concrete gate for each group of grid points, drawn once in a training step for
// the whole layer. spec.md, sections 4 and 5. Without DropBits there are none, and every group is alive.
class BitMasks {
 public:
  BitMasks(const quant::methods::srq::Options& options, const LayerWeight& weight, int groups);

  bool empty() const { return groups_ == 0; }
  // The factors of this step, [groups], differentiable; undefined if empty. A function of the logits and of the
  // context's seed and iteration. Counts epochs, and drops groups for good. Waits for the GPU that has the logits at the first
  // step of an epoch, and without kernels (kernel_passes.h) at every step, as Price does.
  at::Tensor Draw(const StepContext& context);
  // Which groups evaluation has.
  std::vector<bool> Alive() const;
  // bit_price * sum P(mask != 0) over the groups not dropped for good, as of the last Draw; undefined if the price is 0.
  at::Tensor Price() const;
  // 2 + the expected number of further bits (Layout::kBits).
  double ExpectedBits() const;

  std::vector<TrainedParameter> Parameters() const;
  NamedTensors Buffers() const;

 private:
  bool Learns() const { return options_.bit_price > 0; }
  bool DroppedForGood(int group) const;
  void CountEpoch(int64_t epoch);
  // Without the draw's noise.
  GatePlan Gates() const;
  double PriceFactor() const;
  std::vector<double> Logits() const;

  quant::methods::srq::Options options_;
  int groups_;
  std::string layer_, name_;
  double weights_;
  at::Tensor logits_;      // float [groups]
  at::Tensor closed_for_;  // int64 [groups]: epochs in a row in which the gate was closed.
  at::Tensor epoch_;       // int64 [1]: the last one counted.
  double progress_ = 0;
};

}  // namespace lowbit::train::methods::srq

#endif  // LOWBIT_TRAIN_METHODS_SRQ_BIT_MASKS_H_
