#ifndef LOWBIT_TRAIN_DROPOUT_H_
#define LOWBIT_TRAIN_DROPOUT_H_

#include <cstdint>

#include "lowbit/base/random.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train {

// x [images, ...] with each element set to 0 with probability `ratio` in [0, 1] and multiplied by 1 / (1 - ratio) else.
// Differentiable. What is drawn for an element depends on `random`, the place of its image in the step's whole batch
// (`first_image` is x's first one) and its place in the image only; hence it is the same on any number of threads, of
// processes that share the batch, and in any memory order. In parallel; four elements for a block of random numbers.
// Source: Srivastava et al. 2014, scaled while training.
at::Tensor Dropout(const at::Tensor& x, double ratio, const CounterRandom& random, int64_t first_image);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_DROPOUT_H_
