#include "lowbit/runtime/kernels/conv/reference.h"

#include <algorithm>
#include <cmath>

namespace lowbit::runtime {
namespace {

FloatTensor TableValues(const Parameter& weight) {
  if (const FloatTensor* floats = std::get_if<FloatTensor>(&weight.value)) return *floats;
  QTensor unscaled = std::get<QTensor>(weight.value);
  unscaled.scales = {1.0f};
  return Dequantize(unscaled);
}

struct Sum {
  double value = 0, magnitude = 0;
};

// The product of output channel m's kernel with the window at (oy, ox) of image n.
Sum SumWindow(const ConvOperands& operands, const FloatTensor& weight, int64_t n, int64_t oy, int64_t ox, int64_t m) {
  const ConvShape& s = operands.shape;
  const int64_t first_channel = m / s.GroupOutputs() * s.GroupInputs();
  Sum sum;
  for (int64_t ky = 0; ky < s.kernel_height; ++ky) {
    for (int64_t kx = 0; kx < s.kernel_width; ++kx) {
      const int64_t y = oy * s.stride_height - s.pad_top + ky * s.dilation_height;
      const int64_t x = ox * s.stride_width - s.pad_left + kx * s.dilation_width;
      if (y < 0 || y >= s.in_height || x < 0 || x >= s.in_width) continue;
      for (int64_t c = 0; c < s.GroupInputs(); ++c) {
        const int64_t w = ((m * s.GroupInputs() + c) * s.kernel_height + ky) * s.kernel_width + kx;
        const int64_t i = ((n * s.in_height + y) * s.in_width + x) * s.in_channels + first_channel + c;
        const double product = static_cast<double>(weight.data[static_cast<size_t>(w)]) *
                               static_cast<double>(operands.input[static_cast<size_t>(i)]);
        sum.value += product;
        sum.magnitude += std::abs(product);
      }
    }
  }
  return sum;
}

double Finish(const Epilogue& epilogue, size_t m, double sum, double residual) {
  double y = sum * epilogue.scale[m] + epilogue.shift[m] + residual;
  if (!epilogue.slope.empty() && y < 0) y *= epilogue.slope[m];
  return std::min<double>(std::max<double>(y, epilogue.low), epilogue.high);
}

double Bound(const Epilogue& epilogue, size_t m, double magnitude, double residual, int64_t terms) {
  const double slope = epilogue.slope.empty() ? 1.0 : std::max<double>(1.0, std::abs(epilogue.slope[m]));
  const double total = std::abs(epilogue.scale[m]) * magnitude + std::abs(epilogue.shift[m]) + std::abs(residual);
  return FloatGamma(terms + 5) * total * slope + 0x1p-126;
}

}  // namespace

ConvExpectation ConvReference(const ConvOperands& operands) {
  const ConvShape& s = operands.shape;
  const FloatTensor weight = TableValues(*operands.weight);
  const int64_t terms = s.GroupInputs() * s.Taps();
  ConvExpectation result;
  for (int64_t n = 0; n < operands.images; ++n) {
    for (int64_t oy = 0; oy < s.out_height; ++oy) {
      for (int64_t ox = 0; ox < s.out_width; ++ox) {
        for (int64_t m = 0; m < s.out_channels; ++m) {
          const Sum sum = SumWindow(operands, weight, n, oy, ox, m);
          const double residual = operands.residual.empty() ? 0 : operands.residual[result.output.size()];
          const size_t channel = static_cast<size_t>(m);
          result.output.push_back(Finish(operands.epilogue, channel, sum.value, residual));
          result.bound.push_back(Bound(operands.epilogue, channel, sum.magnitude, residual, terms));
        }
      }
    }
  }
  return result;
}

}  // namespace lowbit::runtime
