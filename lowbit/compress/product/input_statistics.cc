#include "lowbit/compress/product/input_statistics.h"

#include <algorithm>

#include "lowbit/core/ops_common/window.h"

namespace lowbit::compress {

using quant::product::Matrix;

// One weight of a row: the input plane that it reads, and how far from each output position.
struct InputStatistics::Tap {
  const float* plane;
  int64_t ky, kx;
};

namespace {

// The output positions [first, last) at which a tap reads pixels of the image, not padding.
struct Range {
  int64_t first, last;
};

Range Inside(const ops::WindowAxis& axis, int64_t tap) {
  const int64_t offset = tap * axis.dilation - axis.pad_begin;
  const int64_t first = offset >= 0 ? 0 : (-offset + axis.stride - 1) / axis.stride;
  const int64_t last = axis.input - 1 < offset ? 0 : (axis.input - 1 - offset) / axis.stride + 1;
  return {first, std::min(last, axis.output)};
}

Range Both(const Range& a, const Range& b) { return {std::max(a.first, b.first), std::min(a.last, b.last)}; }

// sum a[i * stride] * b[i * stride]
double Dot(const float* a, const float* b, int64_t count, int64_t stride) {
  double sums[4] = {0, 0, 0, 0};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int64_t k = 0; k < 4; ++k) {
      sums[k] += static_cast<double>(a[(i + k) * stride]) * static_cast<double>(b[(i + k) * stride]);
    }
  }
  for (; i < count; ++i) sums[0] += static_cast<double>(a[i * stride]) * static_cast<double>(b[i * stride]);
  return sums[0] + sums[1] + sums[2] + sums[3];
}

}  // namespace

InputStatistics::InputStatistics(const Node& node, const Shape& weight, int block)
    : node_(node), weight_(weight), block_(block), groups_(IntAttribute(node, "group", 1)) {
  weight_.resize(4, 1);
  const int64_t columns = weight_[1] * weight_[2] * weight_[3];
  positions_.assign(static_cast<size_t>(groups_ * (columns / block)), Matrix(block));
}

void InputStatistics::Add(Span<const float> inputs, const Shape& shape) {
  Shape images = shape;
  images.resize(4, 1);
  const int64_t size = images[1] * images[2] * images[3];
  for (int64_t n = 0; n < images[0]; ++n) AddProducts(inputs.data() + n * size, {1, images[1], images[2], images[3]});
}

void InputStatistics::AddProducts(const float* image, const Shape& shape) {
  const ops::Window window =
      node_.op == "Conv" ? ops::ResolveWindow(node_, shape, {weight_[2], weight_[3]}).value() : ops::Window();
  const int64_t taps = weight_[2] * weight_[3], columns = weight_[1] * taps, per_row = columns / block_;
  const int64_t stride = window.x.stride;
  const auto tap_of = [&](int64_t group, int64_t column) {
    const int64_t channel = group * weight_[1] + column / taps;
    return Tap{image + channel * window.InputPlane(), column % taps / weight_[3], column % weight_[3]};
  };
  for (size_t p = 0; p < positions_.size(); ++p) {
    const int64_t group = static_cast<int64_t>(p) / per_row, first = static_cast<int64_t>(p) % per_row * block_;
    for (int i = 0; i < block_; ++i) {
      const Tap a = tap_of(group, first + i);
      for (int j = 0; j <= i; ++j) {
        const Tap b = tap_of(group, first + j);
        const Range rows = Both(Inside(window.y, a.ky), Inside(window.y, b.ky));
        const Range xs = Both(Inside(window.x, a.kx), Inside(window.x, b.kx));
        if (xs.first >= xs.last) continue;
        double sum = 0;
        for (int64_t y = rows.first; y < rows.last; ++y) {
          const float* of_a = a.plane + window.y.At(y, a.ky) * window.x.input + window.x.At(xs.first, a.kx);
          const float* of_b = b.plane + window.y.At(y, b.ky) * window.x.input + window.x.At(xs.first, b.kx);
          sum += Dot(of_a, of_b, xs.last - xs.first, stride);
        }
        positions_[p].row(i)[j] += sum;
        if (i != j) positions_[p].row(j)[i] += sum;
      }
    }
  }
}

Matrix InputStatistics::Pooled() const {
  Matrix pooled(block_);
  for (const Matrix& position : positions_) {
    for (size_t i = 0; i < pooled.values.size(); ++i) pooled.values[i] += position.values[i];
  }
  return pooled;
}

}  // namespace lowbit::compress
