#ifndef LOWBIT_TRAIN_METHODS_SRQ_SEMI_RELAXED_H_
#define LOWBIT_TRAIN_METHODS_SRQ_SEMI_RELAXED_H_

#include <vector>

#include "lowbit/quant/methods/srq/srq.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train::methods::srq {

// The grid of a layer and what its probabilities are for.
struct GridPlan {
  int low = -2, high = 1;
  bool full_vector = false;  // Which surrogate gradient: spec.md, section 3.
  bool normalized = true;
  quant::methods::srq::BitGroups groups;  // Of masks; unread without masks.
};

// The nearest grid points, as whole numbers: clamp(floor(x / step + 1/2), low, high), x any floating tensor, step [1] of its
// type and device, positive. NaN stays NaN. No gradient.
at::Tensor NearestCodes(const at::Tensor& x, const at::Tensor& step, int low, int high);

// step * the likeliest code of each x under logistic noise, and the surrogate gradient of spec.md with respect to x (any
// shape), step and noise ([1] each, positive) and, if there are masks, to them: `masks` holds one factor in [0, 1] for each
// group, or is undefined. All of one floating type and device. Masks that are all 1 change no bit of the result.
// Keeps x and the codes; the backward pass computes the probabilities again, point by point of the grid where it needs
// them all (full_vector, masks), else only the winner's in closed form. Memory O(elements) for any number of grid points.
// With kernels (kernel_passes.h) for contiguous floats nothing waits for the GPU; the tensor operations do, for numbers.
at::Tensor SemiRelaxed(const at::Tensor& x, const at::Tensor& step, const at::Tensor& noise, const at::Tensor& masks,
                       const GridPlan& plan);

// Relaxed quantization: the concrete sample sum_n z_n step n, z = softmax((log pi + gumbel) / temperature), or with
// `straight_through` the categorical one with the concrete one's gradient. gumbel: [grid points, elements of x], standard
// Gumbel noise. Differentiable by libtorch itself, which keeps several tensors of gumbel's size.
at::Tensor Relaxed(const at::Tensor& x, const at::Tensor& step, const at::Tensor& noise, const at::Tensor& gumbel,
                   double temperature, bool straight_through, const GridPlan& plan);

}  // namespace lowbit::train::methods::srq

#endif  // LOWBIT_TRAIN_METHODS_SRQ_SEMI_RELAXED_H_
