#ifndef LOWBIT_TRAIN_METHODS_SRQ_TEST_SRQ_H_
#define LOWBIT_TRAIN_METHODS_SRQ_TEST_SRQ_H_

// For tests of SRQ: grids, and what the estimator makes of values and upstream gradients of 1. Includes libtorch.

#include <torch/types.h>
#include <torch/utils.h>

#include <vector>

#include "lowbit/quant/methods/srq/srq.h"
#include "lowbit/train/methods/srq/semi_relaxed.h"

namespace lowbit::train::methods::srq {
namespace definition = quant::methods::srq;
using definition::Layout;
using definition::LogisticGrid;

inline GridPlan Plan(const LogisticGrid& grid, bool full_vector = false, Layout layout = Layout::kBits) {
  return {grid.low, grid.high, full_vector, grid.normalized, definition::MakeBitGroups(grid, layout)};
}

inline LogisticGrid Grid(int bits, double step = 1, double noise = 1. / 3) {
  LogisticGrid grid = definition::SignedGrid(bits);
  grid.step = step, grid.noise = noise;
  return grid;
}

inline at::Tensor Leaf(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble).requires_grad_(true);
}

// The result for x, and the sums of the gradients with respect to each input.
struct Outcome {
  std::vector<double> values, of_x, of_masks;
  double of_step, of_noise;
};

inline std::vector<double> Numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

inline Outcome OutcomeOf(const std::vector<double>& x, const LogisticGrid& grid, const GridPlan& plan,
                         const std::vector<double>& masks = {}) {
  at::Tensor leaf = Leaf(x), step = Leaf({grid.step}), noise = Leaf({grid.noise});
  at::Tensor mask = masks.empty() ? at::Tensor() : Leaf(masks);
  const at::Tensor result = SemiRelaxed(leaf, step, noise, mask, plan);
  result.sum().backward();
  return {Numbers(result), Numbers(leaf.grad()), masks.empty() ? std::vector<double>() : Numbers(mask.grad()),
          step.grad().item<double>(), noise.grad().item<double>()};
}

}  // namespace lowbit::train::methods::srq

#endif  // LOWBIT_TRAIN_METHODS_SRQ_TEST_SRQ_H_
