#ifndef LOWBIT_CORE_OPS_COMMON_POOL_H_
#define LOWBIT_CORE_OPS_COMMON_POOL_H_

// What MaxPool and AveragePool share.

#include <utility>
#include <vector>

#include "lowbit/core/ops_common/window.h"

namespace lowbit::ops {

// The window of a pooling node (attribute kernel_shape). Errors: as ResolveWindow, and what would let a window see
// no pixel at all: a pad as large as the window, a dilation that can step over a padded input.
Result<Window> ResolvePool(const Node& node, const Shape& input);

// infer of a pooling node: [N, C, output height, output width].
Result<std::vector<Shape>> InferPool(const Node& node, const std::vector<InputView>& inputs);

// y[n, c, oy, ox] = reduce(plane of (n, c), oy, ox). REQUIRES: ResolvePool is ok.
template <typename Reduce>
std::vector<DoubleTensor> PoolPlanes(const DoubleTensor& x, const Window& window, Reduce reduce) {
  DoubleTensor y({x.shape[0], x.shape[1], window.y.output, window.x.output});
  size_t i = 0;
  for (int64_t plane = 0; plane < x.shape[0] * x.shape[1]; ++plane) {
    const double* pixels = x.data.data() + plane * window.InputPlane();
    for (int64_t oy = 0; oy < window.y.output; ++oy) {
      for (int64_t ox = 0; ox < window.x.output; ++ox) y.data[i++] = reduce(pixels, oy, ox);
    }
  }
  return {std::move(y)};
}

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_POOL_H_
