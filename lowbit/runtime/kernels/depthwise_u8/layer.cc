#include "lowbit/runtime/kernels/depthwise_u8/kernel.h"

namespace lowbit::runtime {

ByteDepthwise::ByteDepthwise(const ConvShape& conv_shape, const WeightSource& source, int32_t offset)
    : shape(conv_shape), input_offset(offset), weights(static_cast<size_t>(source.taps * source.rows)) {
  const QTensor& tensor = std::get<QTensor>(source.parameter->value);
  for (int64_t row = 0; row < source.rows; ++row) {
    for (int64_t tap = 0; tap < source.taps; ++tap) {
      const uint8_t code = tensor.codes[SourceIndex(source, tensor.shape, row, tap)];
      weights[static_cast<size_t>(tap * source.rows + row)] = static_cast<int32_t>(tensor.values.Value(code));
    }
  }
}

}  // namespace lowbit::runtime
