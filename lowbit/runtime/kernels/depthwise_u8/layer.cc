#include <algorithm>
#include <cstring>

#include "lowbit/runtime/kernels/depthwise_u8/kernel.h"
#include "lowbit/runtime/split_weights.h"
#include "lowbit/runtime/weight_memory.h"

namespace lowbit::runtime {

ByteDepthwise::ByteDepthwise(const ConvShape& conv_shape, const WeightSource& source, int32_t offset,
                             const ByteDepthwiseKernel& kernel)
    : shape(conv_shape), input_offset(offset), lanes(kernel.lanes), quads((conv_shape.kernel_height + 3) / 4) {
  const QTensor& tensor = std::get<QTensor>(source.parameter->value);
  const int64_t channels = shape.in_channels, columns = shape.kernel_width, per_column = 4 * lanes * quads;
  for (int64_t c = 0; c < channels; c += lanes) blocks.push_back(std::max<int64_t>(0, std::min(c, channels - lanes)));
  const IntegerValues values = IntegersOf(source).value();
  split = IsSplit(values);
  narrow = values.Magnitude() <= 64;
  part_bytes = blocks.size() * static_cast<size_t>(columns * per_column);
  const size_t total = (split ? 2 : 1) * part_bytes;
  weights = AllocateWeights<int8_t>(total);
  std::memset(weights.get(), 0, total);
  starts.assign(blocks.size() * static_cast<size_t>(lanes), 0);
  for (size_t block = 0; block < blocks.size(); ++block) {
    int8_t* of_block = weights.get() + static_cast<int64_t>(block) * columns * per_column;
    for (int64_t lane = 0; lane < std::min<int64_t>(lanes, channels - blocks[block]); ++lane) {
      int32_t& start = starts[block * static_cast<size_t>(lanes) + static_cast<size_t>(lane)];
      for (int64_t tap = 0; tap < shape.Taps(); ++tap) {
        const int64_t ky = tap / columns, kx = tap % columns;
        const uint8_t code = tensor.codes[SourceIndex(source, tensor.shape, blocks[block] + lane, tap)];
        const SplitInteger parts(values.integers[code]);
        int8_t* to = of_block + kx * per_column + (ky / 4 * lanes + lane) * 4 + ky % 4;
        *to = parts.low;
        if (split) to[part_bytes] = parts.high;
        start += (kernel.center - offset) * values.integers[code];
      }
    }
  }
}

int64_t ByteDepthwise::ColumnsOf(int64_t pixels) const {
  return (pixels - 1) * shape.stride_width + (shape.kernel_width - 1) * shape.dilation_width + 1;
}

// Columns, sums, and a pixel of residuals.
int64_t ByteDepthwise::ScratchFloats() const {
  const int64_t pixels = std::min(kMostPixels, shape.out_width);
  return (ColumnsOf(pixels) * quads + pixels + 1) * lanes;
}

}  // namespace lowbit::runtime
