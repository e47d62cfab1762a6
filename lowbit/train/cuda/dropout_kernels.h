#ifndef LOWBIT_TRAIN_CUDA_DROPOUT_KERNELS_H_
#define LOWBIT_TRAIN_CUDA_DROPOUT_KERNELS_H_

// What Dropout (train/dropout.h) draws, as a kernel.

#include "lowbit/base/random.h"
#include "lowbit/train/cuda/block.h"

namespace lowbit::train::cuda {

// factors[image][i] = 0 where the element's 32 bits are below `threshold`, else `scale`: element i of an image has number i % 4 of the
// block of random numbers (first_image + image) * blocks + i / 4, blocks being those that an image takes.
struct DrawFactors {
  CounterRandom random;
  uint64_t threshold;
  float scale;
  int64_t first_image, images, elements;
  float* factors;  // [images, elements]

  LOWBIT_DEVICE int64_t BlocksOfImage() const { return (elements + 3) / 4; }
  int64_t Blocks() const { return BlocksFor(images * ((elements + 3) / 4)); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const int64_t blocks = BlocksOfImage();
    ForEach(block, images * blocks, [this, blocks](int64_t at) {
      const int64_t image = at / blocks, first = at % blocks * 4;
      const auto bits = random.Block(static_cast<uint64_t>(first_image * blocks + at));
      for (int64_t k = 0; k < 4 && first + k < elements; ++k) {
        factors[image * elements + first + k] = bits[static_cast<size_t>(k)] < threshold ? 0 : scale;
      }
    });
  }
};

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_DROPOUT_KERNELS_H_
