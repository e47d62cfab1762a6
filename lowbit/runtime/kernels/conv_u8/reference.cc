#include "lowbit/runtime/kernels/conv_u8/reference.h"

#include <cmath>

namespace lowbit::runtime {
namespace {

int64_t Integer(const ByteConvOperands& o, int64_t image, int64_t y, int64_t x, int64_t channel) {
  const ConvShape& s = o.shape;
  if (y < 0 || y >= s.in_height || x < 0 || x >= s.in_width) return 0;
  const int64_t at = ((image * s.in_height + y) * s.in_width + x) * s.in_channels + channel;
  return o.input[static_cast<size_t>(at)] - o.input_offset;
}

int64_t Sum(const ByteConvOperands& o, const FloatTensor& weight, int64_t image, int64_t oy, int64_t ox, int64_t m) {
  const ConvShape& s = o.shape;
  int64_t sum = 0, at = m * s.GroupInputs() * s.Taps();
  for (int64_t c = 0; c < s.GroupInputs(); ++c) {
    for (int64_t ky = 0; ky < s.kernel_height; ++ky) {
      for (int64_t kx = 0; kx < s.kernel_width; ++kx, ++at) {
        const int64_t a = Integer(o, image, oy * s.stride_height - s.pad_top + ky * s.dilation_height,
                                  ox * s.stride_width - s.pad_left + kx * s.dilation_width,
                                  m / s.GroupOutputs() * s.GroupInputs() + c);
        sum += a * static_cast<int64_t>(weight.data[static_cast<size_t>(at)]);
      }
    }
  }
  return sum;
}

float Residual(const ByteConvOperands& o, size_t at) {
  if (!o.residual_floats.empty()) return o.residual_floats[at];
  return static_cast<float>(static_cast<int32_t>(o.residual_bytes[at]) - o.residual_offset) * o.residual_unit;
}

float ApplyEpilogue(const ByteConvOperands& o, size_t m, size_t at, int64_t sum) {
  const Epilogue& e = o.epilogue;
  float y = static_cast<float>(sum) * e.scale[m];
  y += e.shift[m];
  if (!o.residual_floats.empty() || !o.residual_bytes.empty()) y += Residual(o, at);
  if (!e.slope.empty() && y < 0) y *= e.slope[m];
  if (y < e.low) y = e.low;
  return y > e.high ? e.high : y;
}

uint8_t Quantize(const ByteQuantizer& q, float x) {
  if (q.bipolar) return x >= 0 ? 2 : 0;
  const float scaled = x * q.scale;
  if (q.table.count > 0) {
    int reached = 0;
    for (int k = 0; k + 1 < q.table.count; ++k) reached += scaled >= q.table.thresholds[k] ? 1 : 0;
    return static_cast<uint8_t>(static_cast<int32_t>(q.table.levels[reached]) + q.shift);
  }
  if (!(scaled > q.low)) return static_cast<uint8_t>(static_cast<int32_t>(q.low) + q.shift);
  return static_cast<uint8_t>(static_cast<int32_t>(std::nearbyint(scaled < q.high ? scaled : q.high)) + q.shift);
}

}  // namespace

ByteConvExpectation ByteConvReference(const ByteConvOperands& o) {
  const ConvShape& s = o.shape;
  const FloatTensor weight = Dequantize(std::get<QTensor>(o.weight->value));
  ByteConvExpectation expected;
  size_t at = 0;
  for (int64_t image = 0; image < o.images; ++image) {
    for (int64_t oy = 0; oy < s.out_height; ++oy) {
      for (int64_t ox = 0; ox < s.out_width; ++ox) {
        for (int64_t m = 0; m < s.out_channels; ++m, ++at) {
          const float y = ApplyEpilogue(o, static_cast<size_t>(m), at, Sum(o, weight, image, oy, ox, m));
          if (o.quantizer.has_value()) {
            expected.bytes.push_back(Quantize(*o.quantizer, y));
          } else {
            expected.floats.push_back(y);
          }
        }
      }
    }
  }
  return expected;
}

}  // namespace lowbit::runtime
