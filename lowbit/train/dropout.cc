#include "lowbit/train/dropout.h"

#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lowbit/train/kernel_passes.h"
#include "lowbit/train/parallel.h"

namespace lowbit::train {
namespace {

constexpr int64_t kGrain = 4096;  // Elements that are worth a thread.

// What an element is multiplied with: 0 where its 32 random bits are below `threshold`.
struct Factors {
  uint64_t threshold;  // ratio * 2^32; all of 2^32 for a ratio of 1.
  float scale;
};

Factors MakeFactors(double ratio) {
  return {static_cast<uint64_t>(std::llround(ratio * 4294967296.0)),
          ratio < 1 ? static_cast<float>(1 / (1 - ratio)) : 0.0f};
}

// One image's `elements` factors, from the blocks that begin at `block`.
void FillImage(const Factors& factors, const CounterRandom& random, uint64_t block, int64_t elements, float* out) {
  for (int64_t i = 0; i < elements; i += 4, ++block) {
    const std::array<uint32_t, 4> bits = random.Block(block);
    const int64_t count = std::min<int64_t>(4, elements - i);
    for (int64_t k = 0; k < count; ++k) out[i + k] = bits[k] < factors.threshold ? 0.0f : factors.scale;
  }
}

}  // namespace

at::Tensor Dropout(const at::Tensor& x, double ratio, const CounterRandom& random, int64_t first_image) {
  const Factors factors = MakeFactors(ratio);
  const at::Tensor here = at::empty(x.sizes(), at::TensorOptions(at::kFloat).device(x.device()));
  if (const KernelPasses* kernels = KernelPassesFor(here)) {
    kernels->DrawFactors(here, random, factors.threshold, factors.scale, first_image);
    return x * here.to(x.scalar_type());
  }
  const int64_t images = x.size(0), elements = x.numel() / std::max<int64_t>(images, 1);
  const int64_t blocks = (elements + 3) / 4;
  const at::Tensor mask = x.is_cpu() ? here : at::empty(x.sizes(), at::kFloat);
  float* out = mask.data_ptr<float>();
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(elements, 1));
  ParallelFor(images, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      FillImage(factors, random, static_cast<uint64_t>((first_image + i) * blocks), elements, out + i * elements);
    }
  });
  return x * mask.to(x.device(), x.scalar_type());
}

}  // namespace lowbit::train
